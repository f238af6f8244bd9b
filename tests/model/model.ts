import type { Db } from '../../db/database.js';
import { databaseNow } from '../../db/clock.js';
import { grantPromotion } from '../../db/promotions.js';
import type { PaymentNews } from '../../db/provider-events.js';
import { DAY_MS, MINUTE_MS } from '../support/appointments.js';
import { makePerson, makeTherapist, type TestPerson } from '../support/people.js';

/** What the walk knows from outside: who there is, what was booked, and what the providers have seen. */

export const CURRENCIES = ['INR', 'JPY', 'KWD'] as const;
export type Currency = (typeof CURRENCIES)[number];

/** One object at a provider (PaymentIntent or order) and the charges made on it. */
export interface ProviderObject {
  provider: 'stripe' | 'razorpay';
  providerRef: string;
  paymentId: string;
  amountMinor: number;
  currency: string;
  /** Events told so far, to be told again. */
  told: { eventId: string; news: PaymentNews }[];
}

/** Money that a provider has said arrived, by its charge: first told counts. */
export interface Charge {
  chargeRef: string;
  object: ProviderObject;
  amountMinor: number;
  currency: string;
}

export interface Model {
  db: Db;
  clients: TestPerson[];
  therapists: (TestPerson & { currency: Currency })[];
  admin: TestPerson;
  /** In the order of their booking. */
  appointments: { id: string; client: TestPerson; therapist: TestPerson }[];
  /** Ids of those that were committed as over. */
  over: Set<string>;
  objects: ProviderObject[];
  charges: Map<string, Charge>;
  disputes: { ref: string; charge: Charge }[];
  /** Credits that nobody paid for, by `client:currency`. */
  promotionsMinor: Map<string, number>;
  /** Commits of one appointment come one after the other, as its workflow makes them. */
  turns: Map<string, Promise<unknown>>;
}

const RATES: Record<Currency, number> = { INR: 6_001, JPY: 777, KWD: 12_345 };

/** People for one walk: few clients, so that their wallets meet; therapists of every currency. */
export async function makeModel(db: Db): Promise<Model> {
  const clients = await Promise.all(Array.from({ length: 10 }, () => makePerson(db, 'client')));
  const therapists = await Promise.all(
    Array.from({ length: 15 }, async (_, index) => {
      const currency = CURRENCIES[index % CURRENCIES.length]!;
      const policy = { minuteMs: MINUTE_MS, maxUnpaidBookings: 50, lateCancellationBps: 3_333, platformFeeBps: 1_777 };
      const therapist = await makeTherapist(db, policy);
      const rate = RATES[currency];
      await db
        .updateTable('therapist')
        .set({
          currency,
          rates: JSON.stringify({ video: rate, audio: rate, chat: rate }),
          stripeAccount: index < 3 ? `acct_${index}` : null,
        })
        .where('id', '=', therapist.id)
        .execute();
      return { ...therapist, currency };
    }),
  );
  for (const currency of CURRENCIES)
    for (const method of ['stripe', 'razorpay'] as const)
      await db
        .insertInto('topUpLimit')
        .values({ method, currency, maxMinor: 1_000_000 })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
  const promotionsMinor = new Map<string, number>();
  for (const { id: clientId } of clients)
    for (const currency of CURRENCIES) {
      const grant = {
        idempotencyKey: `walk:${clientId}:${currency}`,
        clientId,
        currency,
        amountMinor: 3 * RATES[currency],
      };
      await db.transaction().execute((trx) => grantPromotion(trx, grant));
      promotionsMinor.set(`${clientId}:${currency}`, grant.amountMinor);
    }
  return {
    db,
    clients,
    therapists,
    admin: await makePerson(db, 'admin'),
    appointments: [],
    over: new Set(),
    objects: [],
    charges: new Map(),
    disputes: [],
    promotionsMinor,
    turns: new Map(),
  };
}

export function choose<T>(list: readonly T[], number: number): T {
  return list[number % list.length]!;
}

/** Mostly one of those that have lived longest and are not over, so that lives get somewhere and lanes meet; else any. */
export function chooseAppointment({ appointments, over }: Model, number: number): Model['appointments'][number] | null {
  if (appointments.length === 0) return null;
  const live = appointments.filter(({ id }) => !over.has(id)).slice(0, 8);
  const among = number % 7 === 0 || live.length === 0 ? appointments.slice(-20) : live;
  return choose(among, Math.floor(number / 7));
}

/** Some start soon, some in more than a day, where cancelling is free and rescheduling allowed. */
export async function someStart(db: Db, number: number): Promise<number> {
  const minutes = (number >> 2) % 600;
  const base = number % 3 === 0 ? MINUTE_MS : number % 3 === 1 ? 3 * 60 * MINUTE_MS : DAY_MS + 60 * MINUTE_MS;
  return (await databaseNow(db)) + base + minutes * MINUTE_MS;
}

/** Runs when the appointment's earlier turns are over. */
export function inTurn<T>(model: Model, id: string, work: () => Promise<T>): Promise<T> {
  const before = model.turns.get(id) ?? Promise.resolve();
  const turn = before.then(work, work);
  model.turns.set(
    id,
    turn.catch(() => undefined),
  );
  return turn;
}
