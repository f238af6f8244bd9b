import fc from 'fast-check';
import { expect, test } from 'vitest';
import { priceOf, shareOf, splitGross } from './money.js';

const gross = fc.integer({ min: 0, max: 1_000_000_000_000 });
const bps = fc.integer({ min: 0, max: 10_000 });

test('net and fee are the gross, whatever the fee', () => {
  fc.assert(
    fc.property(gross, bps, (grossMinor, feeBps) => {
      const { feeMinor, netMinor } = splitGross(grossMinor, feeBps);
      expect(feeMinor + netMinor).toBe(grossMinor);
      expect(feeMinor).toBeGreaterThanOrEqual(0);
      expect(netMinor).toBeGreaterThanOrEqual(0);
    }),
  );
});

test('the fee is the exact share rounded half up: within half a unit, the half going up', () => {
  fc.assert(
    fc.property(gross, bps, (grossMinor, feeBps) => {
      const exactTimes2 = BigInt(grossMinor) * BigInt(feeBps) * 2n;
      const distance = BigInt(splitGross(grossMinor, feeBps).feeMinor) * 20_000n - exactTimes2;
      expect(distance > -10_000n && distance <= 10_000n).toBe(true);
    }),
  );
});

test.each([
  [1_000, 2_000, 200],
  [2, 2_500, 1], // 0.5 goes up
  [6, 2_500, 2], // 1.5 goes up
  [1, 4_999, 0],
  [1, 5_000, 1],
  [12_345, 2_000, 2_469],
  [0, 2_000, 0],
  [999, 0, 0],
  [999, 10_000, 999],
])('of %i at %i basis points the fee is %i', (grossMinor, feeBps, feeMinor) => {
  expect(splitGross(grossMinor, feeBps).feeMinor).toBe(feeMinor);
});

test.each([
  [6_000, 60, 6_000],
  [6_000, 30, 3_000],
  [6_000, 50, 5_000],
  [100, 20, 33], // 33.33
  [100, 50, 83], // 83.33
  [101, 30, 51], // 50.5 goes up
  [1, 29, 0],
  [1, 30, 1],
])('at %i an hour, %i minutes cost %i', (rate, minutes, price) => {
  expect(priceOf(rate, minutes)).toBe(price);
});

test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER + 1])('%d is no amount', (amount) => {
  expect(() => shareOf(amount, 1, 2)).toThrow(RangeError);
});

test('the greatest amounts keep every unit', () => {
  expect(shareOf(Number.MAX_SAFE_INTEGER, 1, 1)).toBe(Number.MAX_SAFE_INTEGER);
  expect(splitGross(Number.MAX_SAFE_INTEGER, 10_000)).toEqual({ feeMinor: Number.MAX_SAFE_INTEGER, netMinor: 0 });
});
