import { describe, expect, test } from 'vitest';
import { isChargeableStep, minimumCharge, rateProblems, topUpVerdict, type TopUpLimit } from './money-limits.js';
import { decimalsOf } from './major-units.js';

test.each([
  ['JPY', 0],
  ['INR', 2],
  ['EUR', 2],
  ['KWD', 3],
  ['BHD', 3],
] as const)('%s has %i decimals', (currency, decimals) => {
  expect(decimalsOf(currency)).toBe(decimals);
});

test.each([
  ['stripe', 'USD', 50],
  ['stripe', 'JPY', 50],
  ['stripe', 'GBP', 30],
  ['razorpay', 'INR', 100],
  ['razorpay', 'JPY', 1],
  ['razorpay', 'KWD', 1_000],
  ['stripe', 'XXX', null],
  ['razorpay', 'XXX', null],
] as const)('the least that %s charges in %s is %s', (method, currency, minimum) => {
  expect(minimumCharge(method, currency)).toBe(minimum);
});

test('three-decimal amounts end in 0, others as they like', () => {
  expect(isChargeableStep(5_124, 'KWD')).toBe(false);
  expect(isChargeableStep(5_120, 'KWD')).toBe(true);
  expect(isChargeableStep(5_124, 'INR')).toBe(true);
  expect(isChargeableStep(1, 'JPY')).toBe(true);
});

describe('a top-up', () => {
  const limits: TopUpLimit[] = [
    { method: 'stripe', isEnabled: true, maxMinor: 10_000 },
    { method: 'razorpay', isEnabled: false, maxMinor: 10_000 },
  ];
  const verdict = (amountMinor: number, changes: Partial<Parameters<typeof topUpVerdict>[0]> = {}, rows = limits) =>
    topUpVerdict({ method: 'stripe', currency: 'EUR', amountMinor, ...changes }, rows);

  test.each([50, 9_999, 10_000])('of %i is allowed', (amountMinor) => {
    expect(verdict(amountMinor)).toEqual({ allowed: true });
  });

  test.each([
    [49, 'below_minimum'],
    [10_001, 'above_maximum'],
  ])('of %i is refused: %s', (amountMinor, why) => {
    expect(verdict(amountMinor)).toEqual({ allowed: false, code: 'top_up_limit', why });
  });

  test('by a method that is switched off, or has no row, is refused', () => {
    const disabled = { allowed: false, code: 'top_up_limit', why: 'disabled' };
    expect(verdict(1_000, { method: 'razorpay' })).toEqual(disabled);
    expect(verdict(1_000, { method: 'razorpay' }, limits.slice(0, 1))).toEqual(disabled);
    expect(verdict(1_000, { currency: 'XXX' })).toEqual(disabled);
  });

  test('in a currency without any row finds no wallet', () => {
    expect(verdict(1_000, {}, [])).toEqual({ allowed: false, code: 'currency_mismatch' });
  });

  test('in a three-decimal currency must end in 0', () => {
    expect(verdict(9_995, { currency: 'KWD' })).toEqual({ allowed: false, code: 'not_chargeable' });
    expect(verdict(9_990, { currency: 'KWD' })).toEqual({ allowed: true });
  });
});

describe('rates', () => {
  test('that a provider charges for every duration are fine', () => {
    expect(rateProblems({ currency: 'INR', rates: { video: 6_000 }, durationsMinutes: [10, 60] })).toEqual([]);
    expect(rateProblems({ currency: 'KWD', rates: { video: 18_000 }, durationsMinutes: [30, 60] })).toEqual([]);
  });

  test('too small for the shortest session are named', () => {
    const found = rateProblems({ currency: 'USD', rates: { chat: 150, video: 600 }, durationsMinutes: [10, 60] });
    expect(found).toEqual(['10 minutes of chat cost 25 minor units of USD: below what providers charge']);
  });

  test('that round to a three-decimal price no provider takes are named', () => {
    const found = rateProblems({ currency: 'KWD', rates: { video: 18_010 }, durationsMinutes: [30, 60] });
    expect(found).toEqual(['30 minutes of video cost 9005 minor units of KWD: three-decimal amounts must end in 0']);
  });

  test('in a currency of unknown minimum are refused', () => {
    expect(rateProblems({ currency: 'XXX', rates: { video: 9_000 }, durationsMinutes: [60] })).toHaveLength(1);
  });
});
