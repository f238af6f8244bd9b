import { describe, expect, test } from 'vitest';
import type { LedgerCheckView } from './api-types.js';
import { findingsOf } from './demo-money-books.js';

const ours = new Set(['p1']);
const difference = (paymentId: string | null) => ({ kind: 'captured_not_funded', providerRef: 'pi_1', paymentId });

function checked(changes: Partial<LedgerCheckView['providers'][0]> = {}, ok = true): LedgerCheckView {
  const rules = [
    { rule: 'transactions_sum_to_zero', ok: true },
    { rule: 'held_equals_holds', ok },
  ];
  return { rules, providers: [{ provider: 'stripe', unreachable: null, compared: 7, differences: [], ...changes }] };
}

test('nothing to say when every rule holds and nothing of these payments differs', () => {
  expect(findingsOf(checked(), ours)).toEqual([]);
  expect(findingsOf(checked({ differences: [difference('p2'), difference(null)] }), ours)).toEqual([]);
});

describe('what is wrong is named', () => {
  test.each([
    ['a rule', checked({}, false), 'the ledger check: held_equals_holds does not hold'],
    [
      'a difference of one of these payments',
      checked({ differences: [difference('p1')] }),
      'the ledger check: captured_not_funded at stripe, pi_1',
    ],
    ['a provider that is away', checked({ unreachable: 'timeout' }), 'the ledger check could not ask stripe: timeout'],
  ])('%s', (_, view, finding) => {
    expect(findingsOf(view, ours)).toEqual([finding]);
  });
});
