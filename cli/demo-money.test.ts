import { describe, expect, test } from 'vitest';
import { checkMoney, type MoneyRead } from './demo-money.js';

const byWallet: MoneyRead = {
  priceMinor: 4_998,
  platformFeeBps: 2_000,
  walletBefore: { balanceMinor: 10_000, heldMinor: 0 },
  walletAfter: { balanceMinor: 5_002, heldMinor: 0 },
  takenMinor: 0,
  expectedTakenMinor: 0,
  earning: { grossMinor: 4_998, feeMinor: 1_000, netMinor: 3_998 },
};
/** The same price taken by a provider: it passes through the wallet, whose balance is as before. */
const byProvider: MoneyRead = {
  ...byWallet,
  walletAfter: byWallet.walletBefore,
  takenMinor: 4_998,
  expectedTakenMinor: 4_998,
};

describe('what lifecycle.md says', () => {
  test.each([
    ['by wallet', byWallet],
    ['by provider', byProvider],
  ])('%s: debit = price, fee rounded half up, credit = price - fee', (_, read) => {
    expect(checkMoney(read)).toEqual({
      moved: { clientDebitMinor: 4_998, therapistCreditMinor: 3_998, feeMinor: 1_000 },
      findings: [],
    });
  });
});

test.each<[string, Partial<MoneyRead>, RegExp]>([
  [
    'a fee rounded down',
    { earning: { grossMinor: 4_998, feeMinor: 999, netMinor: 3_999 } },
    /the fee is 999, not 1000/,
  ],
  ['a wallet that kept its money', { walletAfter: byWallet.walletBefore }, /the client was debited 0, not 4998/],
  [
    'a hold left behind',
    { walletAfter: { balanceMinor: 5_002, heldMinor: 4_998 } },
    /held on the wallet is 4998, not 0/,
  ],
  ['a therapist without earnings', { earning: null }, /the therapist was credited 0, not 3998/],
])('%s is found', (_, difference, finding) => {
  expect(checkMoney({ ...byWallet, ...difference }).findings.join('\n')).toMatch(finding);
});

test('a hold that an earlier life let go of meanwhile is none of this one', () => {
  expect(checkMoney({ ...byWallet, walletBefore: { balanceMinor: 10_000, heldMinor: 4_998 } }).findings).toEqual([]);
});

test('a card charged twice is found', () => {
  expect(checkMoney({ ...byProvider, takenMinor: 9_996 }).findings).toContain('the provider took 9996, not 4998');
});
