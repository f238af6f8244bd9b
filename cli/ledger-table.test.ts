import { expect, test } from 'vitest';
import type { LedgerView } from './api-types.js';
import { ledgerTable, sumsByCurrency } from './ledger-table.js';

/** Without colours, whatever the terminal. */
const plain = (text: string): string => text.replaceAll(new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g'), '');

type Line = [kind: string, ownerId: string | null, amountMinor: number];

function ledger(currency: string, transactions: Record<string, Line[]>): LedgerView {
  return {
    transactions: Object.entries(transactions).map(([kind, lines]) => ({
      id: kind,
      kind,
      at: '2026-11-24T15:00:00.000Z',
      paymentId: null,
      entries: lines.map(([accountKind, ownerId, amountMinor]) => ({
        account: `${accountKind}:${ownerId ?? '-'}:${currency}`,
        accountKind,
        ownerId,
        amountMinor,
        currency,
      })),
    })),
    refunds: [],
    disputes: [],
  };
}

const names = new Map([
  ['c', 'Chitra Rao'],
  ['t', 'Ben Carter'],
]);
const settled: Record<string, Line[]> = {
  fund: [
    ['stripe_clearing', null, -4_998],
    ['client_wallet', 'c', 4_998],
  ],
  settle: [
    ['client_wallet', 'c', -4_998],
    ['therapist_payable', 't', 3_998],
    ['platform_fee', null, 1_000],
  ],
};

test('a row an entry, amounts in major units to the right, and a sum of zero', () => {
  expect(plain(ledgerTable(ledger('EUR', settled), names)).split('\n')).toEqual([
    'TRANSACTION  ACCOUNT                          AMOUNT',
    'fund         stripe_clearing                  -49.98  EUR',
    '             client_wallet of Chitra Rao       49.98  EUR',
    'settle       client_wallet of Chitra Rao      -49.98  EUR',
    '             therapist_payable of Ben Carter   39.98  EUR',
    '             platform_fee                      10.00  EUR',
    'sum                                             0.00  EUR',
  ]);
});

test.each([
  ['JPY', '-4998', '0'],
  ['KWD', '-4.998', '0.000'],
])('%s has its own decimals', (currency, amount, sum) => {
  const lines = plain(ledgerTable(ledger(currency, settled), names)).split('\n');
  expect(lines[1]).toMatch(new RegExp(`stripe_clearing +${amount.replace('.', String.raw`\.`)} +${currency}$`));
  expect(lines.at(-1)).toMatch(new RegExp(`^sum +${sum.replace('.', String.raw`\.`)} +${currency}$`));
});

test('what does not sum to zero is shown as it is, an unknown owner by id, an empty transaction as such', () => {
  const odd = ledger('EUR', { settle: [], fund: [['client_wallet', 'x', 7]] });
  const text = plain(ledgerTable(odd, names));
  expect(text).toContain('client_wallet of x');
  expect(text).toMatch(/settle +\(nothing moved\)/);
  expect(text).toMatch(/sum +0\.07/);
  expect(sumsByCurrency(odd)).toEqual(new Map([['EUR', 7]]));
});

test('sums of one kind of account', () => {
  expect(sumsByCurrency(ledger('EUR', settled), 'client_wallet')).toEqual(new Map([['EUR', 0]]));
  expect(sumsByCurrency(ledger('EUR', settled), 'platform_fee')).toEqual(new Map([['EUR', 1_000]]));
});
