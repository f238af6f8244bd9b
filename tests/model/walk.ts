import { checkLedger } from '../../db/ledger-check.js';
import { Refused } from '../../domain/refusals.js';
import * as cards from './card-steps.js';
import * as lives from './life-steps.js';
import type { Deed } from './life-steps.js';
import { throwingAway, ThrownAway } from './mishaps.js';
import { chooseAppointment, type Model } from './model.js';
import * as returns from './return-steps.js';
import type { Step } from './step.js';

/** One walk: what was done, in the order in which it was answered. */
export interface Walk {
  model: Model;
  log: string[];
  /** Transactions that PostgreSQL gave up because they waited for each other. */
  deadlocks: number;
}

/** What the step would do; null when there is nothing to do it to. */
async function deedOf(model: Model, step: Step): Promise<{ deed: Deed; about: string } | null> {
  const appointment = chooseAppointment(model, step.pick);
  if (appointment !== null && step.kind === 'live_on') {
    const next = await lives.nextOf(model, appointment, step);
    return next === null ? null : deedOf(model, next);
  }
  const about = appointment?.id ?? '-';
  const free = await freeDeed(model, step);
  if (free !== undefined) return free === null ? null : { deed: free, about: '-' };
  if (appointment === null) return null;
  const deed = await deedOn(model, appointment, step);
  return deed === null ? null : { deed, about };
}

/** Steps that are about no appointment; undefined for the others. */
async function freeDeed(model: Model, step: Step): Promise<Deed | null | undefined> {
  switch (step.kind) {
    case 'book':
      return lives.book(model, step);
    case 'provider_event':
      return cards.providerEvent(model, step);
    case 'top_up':
      return cards.topUp(model, step);
    case 'promotion':
      return cards.promote(model, step);
    case 'refund_news':
      return returns.refundNews(model, step);
    case 'dispute':
      return returns.dispute(model, step);
    case 'reverse_earnings':
      return returns.reverseEarnings(model, step);
    case 'earnings_mature':
      return lives.mature();
    case 'pay_out':
      return returns.payOut(model, step);
    case 'payout_news':
      return returns.payoutNews(model, step);
    default:
      return undefined;
  }
}

async function deedOn(model: Model, appointment: lives.Appointment, step: Step): Promise<Deed | null> {
  const { id } = appointment;
  const admin = lives.actorOf(model, appointment, 'admin');
  switch (step.kind) {
    case 'commit':
      return (db) => lives.workOffAll(model, db, id);
    case 'pay_by_wallet':
      return cards.payFromWallet(appointment);
    case 'start_card':
      return cards.startCard(model, appointment, step);
    case 'ask_provider':
      return async (db) => {
        await cards.askProviders(model, db, id);
        return 'asked';
      };
    case 'activate':
    case 'deactivate':
    case 'force_confirm':
      return lives.request(model, appointment, step.kind, admin);
    case 'pass_time':
      return lives.letTimePass(model, appointment, step);
    case 'join':
      return lives.join(appointment, step);
    case 'connect':
      return lives.connect(appointment, step);
    case 'disconnect':
      return lives.disconnect(appointment, step);
    case 'leave':
      return lives.leave(appointment, step);
    case 'end':
      return lives.request(model, appointment, 'end', {
        ...lives.actorOf(model, appointment, step.b % 2 === 0 ? 'client' : 'therapist'),
      });
    case 'cancel':
      return lives.cancel(model, appointment, step);
    case 'reschedule':
      return lives.reschedule(model, appointment, step);
    case 'extend':
      return lives.request(model, appointment, 'extend', admin, { minutes: (step.b % 30) + 1 });
    case 'admin_refund':
      return returns.adminRefund(model, appointment, step);
    default:
      return null;
  }
}

/** PostgreSQL's deadlock_detected: whoever asked asks again, as the worker and the providers do. */
const DEADLOCK = '40P01';

/** Does it, with the mishap that befalls it; a refusal is an answer, everything else that is thrown is a bug. */
async function doIt(walked: Walk, deed: Deed, { mishap }: Step): Promise<string> {
  const { model } = walked;
  const attempt = async (db: Model['db']): Promise<string> => {
    try {
      return await deed(db);
    } catch (error) {
      if (error instanceof Refused) return error.code;
      if ((error as { code?: string }).code !== DEADLOCK) throw error;
      walked.deadlocks += 1;
      return attempt(db);
    }
  };
  if (mishap === 'thrown_away') {
    try {
      await attempt(throwingAway(model.db));
    } catch (error) {
      if (!(error instanceof ThrownAway)) throw error;
    }
  }
  if (mishap === 'answer_lost') await attempt(model.db);
  return attempt(model.db);
}

/** What each account can only be: what we owe is +, what we own or have lost is -. Payables may go either way. */
const SIGNS = {
  client_wallet: 1,
  refund_pending: 1,
  disputed: -1,
  dispute_loss: -1,
  client_receivable: -1,
  promotion: -1,
};

/** Accounts on the wrong side: a loss that became a gain, a client who is owed what they owe. */
async function wrongSigns({ db }: Model): Promise<unknown[]> {
  const accounts = await db.selectFrom('account').select(['code', 'kind', 'balanceMinor']).execute();
  return accounts.filter(({ kind, balanceMinor }) => {
    const sign = kind in SIGNS ? SIGNS[kind as keyof typeof SIGNS] : 0;
    return balanceMinor * sign < 0;
  });
}

/** Every invariant of the ledger holds now. @throws Error that names what does not */
export async function expectInvariants({ model, log }: Walk): Promise<void> {
  const broken = [...(await checkLedger(model.db)).filter(({ ok }) => !ok), ...(await wrongSigns(model))];
  if (broken.length === 0) return;
  throw new Error(`${JSON.stringify(broken, null, 1)}\nafter:\n${log.slice(-25).join('\n')}`);
}

/** Takes the steps in several lanes at once, and looks at every invariant each `checkEvery` steps. */
export async function walk(
  walked: Walk,
  steps: readonly Step[],
  { lanes, checkEvery }: { lanes: number; checkEvery: number },
): Promise<void> {
  let taken = 0;
  let failed = false;
  const lane = async (): Promise<void> => {
    while (taken < steps.length && !failed) {
      const step = steps[taken]!;
      taken += 1;
      const number = taken;
      await takeStep(walked, step, number);
      if (number % checkEvery === 0) await expectInvariants(walked);
    }
  };
  const stopOthers = async (): Promise<void> => {
    try {
      await lane();
    } catch (error) {
      failed = true;
      throw error;
    }
  };
  await Promise.all(Array.from({ length: lanes }, stopOthers));
  await expectInvariants(walked);
}

async function takeStep(walked: Walk, step: Step, number: number): Promise<void> {
  const { model, log } = walked;
  const found = await deedOf(model, step);
  if (found === null) return;
  const line = `${number} ${step.kind} ${found.about}${step.mishap === 'none' ? '' : ` (${step.mishap})`}`;
  try {
    const answer = await doIt(walked, found.deed, step);
    log.push(`${line}: ${answer}`);
  } catch (error) {
    const own = log.filter((entry) => entry.includes(found.about)).slice(-25);
    throw new Error(`step ${line}\nafter:\n${own.join('\n')}`, { cause: error });
  }
}
