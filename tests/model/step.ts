import fc from 'fast-check';

/** Every kind of step with its weight. What a step is about is drawn from `pick`, `a` and `b` when its turn comes. */
const WEIGHTS = {
  book: 7,
  live_on: 75, // what would naturally come next
  commit: 4,
  pay_by_wallet: 4,
  start_card: 5,
  provider_event: 11,
  ask_provider: 2,
  activate: 3,
  deactivate: 1,
  force_confirm: 1,
  pass_time: 3,
  join: 2,
  connect: 2,
  disconnect: 1,
  leave: 1,
  end: 1,
  cancel: 3,
  reschedule: 3,
  extend: 3,
  refund_news: 7,
  admin_refund: 3,
  dispute: 4,
  reverse_earnings: 2,
  top_up: 2,
  promotion: 1,
  earnings_mature: 2,
  pay_out: 1,
  payout_news: 2,
} as const;
export type StepKind = keyof typeof WEIGHTS;

/** What befalls the transaction: it is thrown away after its work and done again, or only its answer is lost. */
export type Mishap = 'none' | 'thrown_away' | 'answer_lost';

export interface Step {
  kind: StepKind;
  pick: number;
  a: number;
  b: number;
  mishap: Mishap;
}

const weighted = <T extends string>(weights: Record<T, number>): fc.Arbitrary<T> =>
  fc.oneof(
    ...(Object.entries(weights) as [T, number][]).map(([value, weight]) => ({ weight, arbitrary: fc.constant(value) })),
  );

const number = fc.nat(0x3fffffff);
const anyStep: fc.Arbitrary<Step> = fc.record({
  kind: weighted(WEIGHTS),
  pick: number,
  a: number,
  b: number,
  mishap: weighted({ none: 84, thrown_away: 8, answer_lost: 8 }),
});

/** The steps of one walk. */
export function drawSteps(seed: number, count: number): Step[] {
  return fc.sample(fc.noBias(anyStep), { seed, numRuns: count });
}
