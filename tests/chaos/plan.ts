import { PAYMENT_METHODS, SESSION_MODES, type PaymentMethod, type SessionMode } from '../../domain/types.js';
import { Prng } from './prng.js';

/** How a life is meant to go, and how often: the kills may still send it another way that the rules allow. */
export const STORIES = {
  attended: 24,
  ended_by_hand: 10,
  extended: 4,
  forced: 4,
  moved: 9,
  refunded: 6,
  client_absent: 6,
  therapist_absent: 6,
  nobody: 4,
  cancelled_by_client: 10,
  cancelled_by_therapist: 3,
  cancelled_by_admin: 3,
  unpaid: 5,
  paid_late: 4,
  never_activated: 4,
  activated_late: 4,
} as const;
export type Story = keyof typeof STORIES;

/** One life. Minutes are policy minutes of `minuteMs` each. */
export interface LifePlan {
  index: number;
  story: Story;
  mode: SessionMode;
  method: PaymentMethod;
  currency: 'INR' | 'USD' | 'EUR';
  minuteMs: number;
  /** From the booking to the start. */
  leadMinutes: number;
  durationMinutes: 10 | 20 | 30;
  /** When a cancellation comes, before the start; negative: after it. */
  cancelMinutes: number;
  /** A first card is declined. */
  declinedFirst: boolean;
  /** Another client wants the same slot at the same moment. */
  rival: boolean;
  /** Everything is clicked twice: the same request goes to both APIs at once. */
  impatient: boolean;
  /** When it is to begin, counted from the beginning of the run. */
  startAfterMs: number;
}

/** With these a life lasts from half a minute to a minute, and a payment window is longer than what one kill costs. */
const SHORTEST_MINUTE_MS = 600;
const LONGEST_MINUTE_MS = 900;

function lifeOf(prng: Prng, index: number, perSecond: number): LifePlan {
  return {
    index,
    story: prng.weighted(STORIES),
    mode: prng.pick(SESSION_MODES),
    method: prng.pick(PAYMENT_METHODS),
    currency: prng.pick(['INR', 'USD', 'EUR'] as const),
    minuteMs: prng.whole(SHORTEST_MINUTE_MS, LONGEST_MINUTE_MS),
    leadMinutes: prng.whole(28, 34),
    durationMinutes: prng.pick([10, 20, 30] as const),
    cancelMinutes: prng.whole(-9, 24),
    declinedFirst: prng.chance(0.25),
    rival: prng.chance(0.1),
    impatient: prng.chance(0.15),
    startAfterMs: Math.round(((index + prng.next()) * 1_000) / perSecond),
  };
}

/** The lives of a seed: a pure function of its arguments. */
export function livesOf(seed: number, count: number, perSecond: number): LifePlan[] {
  const root = new Prng(seed);
  return Array.from({ length: count }, (_, index) => lifeOf(root.fork(`life-${index}`), index, perSecond));
}

/** What is killed: each once in every round of six, in an order of the seed. */
export const VICTIMS = ['worker-1', 'worker-2', 'api-1', 'api-2', 'temporal', 'postgres'] as const;
export type Victim = (typeof VICTIMS)[number];

/** One kill -9 of a process that works; it is started anew after `downMs`. */
export interface Blow {
  /** True: soon after the last kill, whatever is still down. False: the pause begins when everything works again. */
  soon: boolean;
  pauseMs: number;
  victim: Victim;
  downMs: number;
}

/** The kills of a seed, without end. */
export function* blowsOf(seed: number): Generator<Blow, never> {
  const prng = new Prng(seed).fork('blows');
  for (;;) {
    for (const victim of prng.shuffled(VICTIMS)) {
      const soon = prng.chance(0.25);
      const pauseMs = soon ? prng.whole(0, 1_500) : prng.whole(3_500, 8_000);
      const downMs = prng.chance(0.5) ? 0 : prng.whole(200, 1_500);
      yield { soon, pauseMs, victim, downMs };
    }
  }
}

/** How many kills must land inside a life for a run of so many lives to count. */
export const killsWanted = (lives: number): number => Math.min(100, Math.max(8, Math.floor(lives / 10)));

/** Where a provider does what it is asked and its answer is lost. */
export const LOST_ANSWERS = {
  stripe_intent: { provider: 'stripe', method: 'POST', path: '/v1/payment_intents' },
  stripe_refund: { provider: 'stripe', method: 'POST', path: '/v1/refunds' },
  razorpay_order: { provider: 'razorpay', method: 'POST', path: '/orders' },
  razorpay_refund: { provider: 'razorpay', method: 'POST', path: '/refund' },
  sms: { provider: 'twilio', method: 'POST', path: '/Messages' },
  mail: { provider: 'smtp' },
} as const;
export type LostAnswer = keyof typeof LOST_ANSWERS;

/** The answers that get lost, without end, each with the pause before it: each kind once in every round of six. */
export function* lostAnswersOf(seed: number): Generator<{ pauseMs: number; of: LostAnswer }, never> {
  const prng = new Prng(seed).fork('lost answers');
  const kinds = Object.keys(LOST_ANSWERS) as LostAnswer[];
  for (;;) for (const of of prng.shuffled(kinds)) yield { pauseMs: prng.whole(1_500, 3_500), of };
}
