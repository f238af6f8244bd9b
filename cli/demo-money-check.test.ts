import { describe, expect, test } from 'vitest';
import type { AppointmentView, LedgerView } from './api-types.js';
import { checkMoneyLife, type MoneyFacts } from './demo-money-check.js';
import { MONEY_LIVES, type Story } from './demo-money-plan.js';

/** Lives as docs/money.md works them out, in numbers: a price of 49.98, a fee of 20 %, half for a late cancellation. */

type Lines = Record<string, number>;
const FUND: Lines = { stripe_clearing: -4_998, client_wallet: 4_998 };
const SETTLE: Lines = { client_wallet: -4_998, therapist_payable: 3_998, platform_fee: 1_000 };
const reversed = (netMinor: number, feeMinor: number): [string, Lines] => [
  'earnings_reversed',
  { therapist_payable: -netMinor, platform_fee: -feeMinor, client_wallet: netMinor + feeMinor },
];
const returned = (clearing: string, amount: number): [string, Lines][] => [
  ['refund_requested', { client_wallet: -amount, refund_pending: amount }],
  ['refund_completed', { refund_pending: -amount, [clearing]: amount }],
];
const viaRazorpay: [string, Lines] = ['fund', { razorpay_clearing: -4_998, client_wallet: 4_998 }];

const POSTED: Record<Story, [kind: string, lines: Lines][]> = {
  'decline-then-pay': [
    ['fund', FUND],
    ['settle', SETTLE],
  ],
  'paid-too-late': [viaRazorpay, ...returned('razorpay_clearing', 4_998)],
  'late-cancellation': [
    ['fund', FUND],
    ['settle', { client_wallet: -2_499, therapist_payable: 1_999, platform_fee: 500 }],
    ...returned('stripe_clearing', 2_499),
  ],
  'therapist-no-show': [viaRazorpay, ...returned('razorpay_clearing', 4_998)],
  'partial-refund': [
    ['fund', FUND],
    ['settle', SETTLE],
    reversed(1_333, 333),
    ...returned('stripe_clearing', 1_666),
    reversed(1_332, 334), // 666.67 of the fee so far, less 333
    ...returned('stripe_clearing', 1_666),
  ],
  extended: [['settle', SETTLE]],
};

interface End {
  status: AppointmentView['status'];
  reason: string;
  by: string;
  payment: NonNullable<AppointmentView['payment']>['status'];
  hold: AppointmentView['hold'];
  refunds: number[];
  earned: [netMinor: number, feeMinor: number][];
  walletMinor: number;
}
const held: End = {
  status: 'completed',
  reason: 'ended_by_party',
  by: 'therapist',
  payment: 'completed',
  hold: 'settled',
  refunds: [],
  earned: [[3_998, 1_000]],
  walletMinor: 0,
};
const allBack: End = { ...held, payment: 'refunded', refunds: [4_998], earned: [] };

const ENDS: Record<Story, End> = {
  'decline-then-pay': held,
  'paid-too-late': { ...allBack, status: 'expired', reason: 'payment', by: 'system', hold: 'none' },
  'late-cancellation': {
    ...held,
    status: 'cancelled',
    reason: 'cancelled',
    by: 'client',
    payment: 'partially_refunded',
    refunds: [2_499],
    earned: [[1_999, 500]],
  },
  'therapist-no-show': { ...allBack, status: 'no_show', reason: 'therapist_absent', by: 'client', hold: 'voided' },
  'partial-refund': {
    ...held,
    payment: 'partially_refunded',
    refunds: [1_666, 1_666],
    earned: [
      [3_998, 1_000],
      [-1_333, -333],
      [-1_332, -334],
    ],
  },
  extended: { ...held, reason: 'duration_over', by: 'system', walletMinor: -4_998 },
};

const ENDED_AT = '2026-11-24T15:00:22.500Z';

function ledgerOf(story: Story): LedgerView {
  const owners: Record<string, string> = { client_wallet: 'c', therapist_payable: 't' };
  const transactions = POSTED[story].map(([kind, lines], index) => ({
    id: String(index),
    kind,
    at: ENDED_AT,
    paymentId: 'p1',
    entries: Object.entries(lines).map(([accountKind, amountMinor]) => {
      const ownerId = owners[accountKind] ?? null;
      return { account: `${accountKind}:${ownerId ?? '-'}:USD`, accountKind, ownerId, amountMinor, currency: 'USD' };
    }),
  }));
  const refunds = ENDS[story].refunds.map((amountMinor, index) => ({
    id: String(index),
    amountMinor,
    currency: 'USD',
    to: 'source' as const,
    status: 'completed',
  }));
  return { transactions, refunds, disputes: [] };
}

const planOf = (story: Story) => MONEY_LIVES.find(({ name }) => name === story)!;

/** What a life that went as it should leaves behind. */
function factsOf(story: Story): MoneyFacts {
  const { method, mode } = planOf(story);
  const { status, reason, by, payment, hold, refunds, earned, walletMinor } = ENDS[story];
  const presence = { joinedAt: null, cameAt: null };
  const endsAt = story === 'extended' ? ENDED_AT : '2026-11-24T15:00:15.000Z';
  const ledger = ledgerOf(story);
  const appointment: AppointmentView = {
    id: 'a1',
    status,
    sessionMode: mode,
    startsAt: '2026-11-24T15:00:00.000Z',
    endsAt,
    durationMinutes: 30,
    meetingLink: '',
    client: { id: 'c', name: 'C' },
    therapist: { id: 't', name: 'T' },
    price: { amountMinor: 4_998, currency: 'USD' },
    payment: { status: payment, method },
    isActivatedByAdmin: true,
    attendance: { client: presence, therapist: presence },
    outcome: { reason, by, at: ENDED_AT },
    deciding: false,
    payBy: '2026-11-24T15:00:00.000Z',
    hold,
    policy: { minuteMs: 500, platformFeeBps: 2_000, lateCancellationBps: 5_000 },
    refunds: ledger.refunds,
    serverNow: ENDED_AT,
  };
  return {
    appointment,
    ledger,
    walletBefore: { balanceMinor: 10_000, heldMinor: 0 },
    walletAfter: { balanceMinor: 10_000 + walletMinor, heldMinor: 0 },
    takenMinor: method === 'wallet' ? 0 : 4_998,
    returnedMinor: refunds.reduce((sum, amount) => sum + amount, 0),
    earnings: earned.map(([netMinor, feeMinor]) => ({ netMinor, feeMinor })),
  };
}

test.each(Object.keys(POSTED) as Story[])('%s as the document has it leaves nothing to say', (story) => {
  expect(checkMoneyLife(planOf(story), factsOf(story))).toEqual([]);
});

const withRefund = (ledger: LedgerView, status: string): LedgerView => ({
  ...ledger,
  refunds: ledger.refunds.map((refund) => ({ ...refund, status })),
});

function withEntry(ledger: LedgerView, changes: Partial<LedgerView['transactions'][0]['entries'][0]>): LedgerView {
  const [first, ...rest] = ledger.transactions;
  const [entry, ...others] = first!.entries;
  return { ...ledger, transactions: [{ ...first!, entries: [{ ...entry!, ...changes }, ...others] }, ...rest] };
}

describe('what is wrong is named', () => {
  const late = factsOf('late-cancellation');
  const partial = factsOf('partial-refund');
  test.each<[string, Story, MoneyFacts, RegExp]>([
    [
      'a provider that gave back less',
      'late-cancellation',
      { ...late, returnedMinor: 2_498 },
      /gave back: 2498, not 2499/,
    ],
    ['a card charged twice', 'late-cancellation', { ...late, takenMinor: 9_996 }, /took: 9996, not 4998/],
    [
      'a refund that is still on its way',
      'late-cancellation',
      { ...late, ledger: withRefund(late.ledger, 'processing') },
      /^refunds: 2499 to source processing, not 2499 to source completed$/m,
    ],
    [
      'a refund that stayed pending in the ledger',
      'late-cancellation',
      { ...late, ledger: { ...late.ledger, transactions: late.ledger.transactions.slice(0, 3) } },
      /^balance of refund_pending: 2499, not 0$/m,
    ],
    [
      'a ledger that does not sum to zero',
      'late-cancellation',
      { ...late, ledger: withEntry(late.ledger, { amountMinor: -4_997 }) },
      /^the ledger’s sum: 1, not 0$/m,
    ],
    [
      'an entry in an account of somebody else',
      'late-cancellation',
      { ...late, ledger: withEntry(late.ledger, { ownerId: 'x' }) },
      /^entries in accounts of others: 1, not 0$/m,
    ],
    [
      'a wallet that kept its money',
      'extended',
      { ...factsOf('extended'), walletAfter: { balanceMinor: 10_000, heldMinor: 0 } },
      /^the wallet changed by: 0, not -4998$/m,
    ],
    [
      'parts of a reversal that were rounded one by one',
      'partial-refund',
      { ...partial, earnings: partial.earnings.with(2, { netMinor: -1_333, feeMinor: -333 }) },
      /^the fee of the earnings: 334, not 333$/m,
    ],
    [
      'an extension that was forgotten',
      'extended',
      {
        ...factsOf('extended'),
        appointment: { ...factsOf('extended').appointment, endsAt: '2026-11-24T15:00:15.000Z' },
      },
      /^length in minutes: 30, not 45$/m,
    ],
    [
      'an outcome of another kind',
      'late-cancellation',
      { ...late, appointment: { ...late.appointment, outcome: { reason: 'cancelled', by: 'admin', at: ENDED_AT } } },
      /^outcome: cancelled \(cancelled\) by admin, not cancelled \(cancelled\) by client$/m,
    ],
  ])('%s', (_, story, facts, finding) => {
    expect(checkMoneyLife(planOf(story), facts).join('\n')).toMatch(finding);
  });
});
