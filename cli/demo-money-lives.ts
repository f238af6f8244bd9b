import type { ApiClient } from './api-client.js';
import type { AppointmentView, LedgerView, PaymentView, QuoteView, TimelineItem, WalletView } from './api-types.js';
import { book, castOf, join, walletIn, type Cast, type World } from './demo-life.js';
import { partsToRefund } from './demo-money-expected.js';
import { EXTRA_MINUTES, type MoneyPlan, type Story } from './demo-money-plan.js';
import { DURATION_MINUTES, END_BY_HAND_MINUTES, LEAD_MS } from './demo-plan.js';
import { money } from './format.js';
import { LifeWatch } from './life-watch.js';
import { waitFor } from './wait.js';

/** A life that was played to its end, all its money where it stays. */
export interface PlayedMoneyLife {
  plan: MoneyPlan;
  cast: Cast;
  appointment: AppointmentView;
  ledger: LedgerView;
  walletBefore: WalletView;
}

/** Told of each entry of a timeline, and in words of what happens outside, which no timeline has. */
export type OnMoneyEvent = (plan: MoneyPlan, item: TimelineItem | string) => void;

/** What the stories work with. */
interface Stage {
  world: World;
  cast: Cast;
  plan: MoneyPlan;
  booked: AppointmentView;
  watch: LifeWatch;
  say: (text: string) => void;
}

const SOON_MS = 15_000;
/** A refund has a workflow of its own, started by the relay, and the provider's notice to wait for. */
const REFUND_WITHIN_MS = 30_000;
/** The absent party has 15 policy minutes (domain/policy.ts). */
const ABSENCE_MINUTES = 15;

const pathOf = ({ booked }: Stage): string => `/v1/appointments/${booked.id}`;

/** Starts a try. @returns the provider's object that the payer is to finish; null for the wallet */
async function startPayment(stage: Stage): Promise<string | null> {
  const { cast, plan } = stage;
  const body = { method: plan.method };
  const { stripe, razorpay } = await cast.client.post<PaymentView>(`${pathOf(stage)}/payments`, body);
  return razorpay?.orderId ?? stripe?.clientSecret.split('_secret_')[0] ?? null;
}

async function pay(stage: Stage): Promise<void> {
  const ref = await startPayment(stage);
  if (ref !== null) await stage.world.outside.pay(ref);
  await stage.watch.until('the payment', SOON_MS, () => stage.watch.happened('payment_settled'));
}

async function payAndActivate(stage: Stage): Promise<void> {
  await pay(stage);
  await stage.cast.admin.post(`${pathOf(stage)}/activate`);
}

async function openFor(stage: Stage, ...people: ApiClient[]): Promise<void> {
  const { watch, world, booked } = stage;
  await watch.until('the confirmation', LEAD_MS + SOON_MS, ({ status }) => status === 'confirmed');
  await Promise.all(people.map((person) => join(person, world.outside, booked.id)));
}

/** Waits until so many policy minutes after the start, and until the join is committed. */
async function untilMinute({ watch, booked }: Stage, minute: number): Promise<void> {
  const at = Date.parse(booked.startsAt) + minute * booked.policy.minuteMs;
  const underWay = ({ status, serverNow }: AppointmentView) => status === 'in_progress' && Date.parse(serverNow) >= at;
  await watch.until(`minute ${minute} of the session`, LEAD_MS + SOON_MS, underWay);
}

/** A short session that the therapist ends by hand. */
async function holdSession(stage: Stage): Promise<void> {
  const { cast, watch } = stage;
  await openFor(stage, cast.client, cast.therapist);
  await untilMinute(stage, END_BY_HAND_MINUTES);
  await cast.therapist.post(`${pathOf(stage)}/end`);
  await watch.until('the settlement', SOON_MS, ({ hold }) => hold === 'settled');
}

/** The stories, by what docs/lifecycle.md and docs/money.md say of them. */
const PLAY: Record<Story, (stage: Stage) => Promise<void>> = {
  async 'decline-then-pay'(stage) {
    const { cast, world, say } = stage;
    const ref = await startPayment(stage);
    await world.outside.decline(ref!);
    const current = (): Promise<PaymentView> => cast.client.get(`${pathOf(stage)}/payments/current`);
    await waitFor('the declined try', SOON_MS, async () => (await current()).status === 'failed');
    say(`the client's card is declined (${(await current()).failureCode}), and tried again`);
    await payAndActivate(stage);
    await holdSession(stage);
  },

  async 'paid-too-late'(stage) {
    const { watch, world, say } = stage;
    const ref = await startPayment(stage);
    await watch.until('the end of the payment window', LEAD_MS + SOON_MS, ({ status, deciding }) => {
      return status === 'expired' && !deciding;
    });
    say('the client pays the order at Razorpay all the same');
    await world.outside.pay(ref!);
  },

  async 'late-cancellation'(stage) {
    const { cast, say } = stage;
    await payAndActivate(stage);
    const quote = await cast.client.get<QuoteView>(`${pathOf(stage)}/cancellation-quote`);
    const { rule, chargeMinor, refundMinor, currency } = quote;
    say(`quote (${rule}): ${money(chargeMinor, currency)} charged, ${money(refundMinor, currency)} back`);
    const wish = { reason: 'I can’t make it', expectedRefundMinor: refundMinor };
    await cast.client.post(`${pathOf(stage)}/cancel`, wish);
  },

  async 'therapist-no-show'(stage) {
    const { cast, watch } = stage;
    await payAndActivate(stage);
    await openFor(stage, cast.client);
    await untilMinute(stage, ABSENCE_MINUTES);
    await cast.client.post(`${pathOf(stage)}/end`);
    await watch.until('the no-show', SOON_MS, ({ status, deciding }) => status === 'no_show' && !deciding);
  },

  async 'partial-refund'(stage) {
    const { cast, booked } = stage;
    await payAndActivate(stage);
    await holdSession(stage);
    for (const [index, amountMinor] of partsToRefund(booked.price.amountMinor).entries()) {
      const wish = { amountMinor, reason: `goodwill, part ${index + 1} of 2` };
      await cast.admin.post(`/v1/admin/appointments/${booked.id}/refunds`, wish);
      await refundsArrived(stage, index + 1);
    }
  },

  async extended(stage) {
    const { cast, watch, booked } = stage;
    await payAndActivate(stage);
    await openFor(stage, cast.client, cast.therapist);
    await untilMinute(stage, 1);
    await cast.therapist.post(`${pathOf(stage)}/extend`, { minutes: EXTRA_MINUTES });
    const restMs = (DURATION_MINUTES + EXTRA_MINUTES) * booked.policy.minuteMs;
    await watch.until('the settlement', restMs + SOON_MS, ({ hold }) => hold === 'settled');
  },
};

/** How many refunds to the source each story ends with. */
const REFUNDS: Record<Story, number> = {
  'decline-then-pay': 0,
  'paid-too-late': 1,
  'late-cancellation': 1,
  'therapist-no-show': 1,
  'partial-refund': 2,
  extended: 0,
};

function readLedger({ cast, booked }: Stage): Promise<LedgerView> {
  return cast.admin.get(`/v1/admin/appointments/${booked.id}/ledger`);
}

async function refundsArrived(stage: Stage, count: number): Promise<void> {
  await waitFor(`refund ${count}`, REFUND_WITHIN_MS, async () => {
    await stage.watch.look();
    const { refunds } = await readLedger(stage);
    return refunds.length === count && refunds.every(({ status }) => status === 'completed');
  });
}

/**
 * Plays one story from booking to where its money stays; tells of each entry of its timeline as it appears.
 * @throws Error naming the step that did not come
 */
export async function playMoneyLife(world: World, plan: MoneyPlan, onEvent: OnMoneyEvent): Promise<PlayedMoneyLife> {
  const cast = await castOf(world, plan);
  const booked = await book(cast, plan);
  const walletBefore = await walletIn(cast.client, booked.price.currency);
  const watch = new LifeWatch(cast.admin, booked.id, (item) => onEvent(plan, item));
  const stage = { world, cast, plan, booked, watch, say: (text: string) => onEvent(plan, text) };
  await PLAY[plan.name](stage);
  await refundsArrived(stage, REFUNDS[plan.name]);
  return { plan, cast, appointment: await watch.look(), ledger: await readLedger(stage), walletBefore };
}
