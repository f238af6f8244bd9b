import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { reversalOf } from './earnings.js';

describe('reversalOf', () => {
  test.each([
    // gross, fee, reversed gross, reversed fee, amount -> fee, net
    [10_000, 2_000, 0, 0, 10_000, 2_000, 8_000],
    [10_000, 2_000, 0, 0, 2_500, 500, 2_000],
    [100, 15, 0, 0, 33, 5, 28],
    [100, 15, 33, 5, 33, 5, 28],
    [100, 15, 66, 10, 34, 5, 29],
    [3, 1, 0, 0, 1, 0, 1],
    [3, 1, 1, 0, 1, 1, 0],
    [3, 1, 2, 1, 1, 0, 1],
    [10_000, 0, 0, 0, 1, 0, 1],
    [0, 0, 0, 0, 0, 0, 0],
  ])('%i/%i after %i/%i: %i takes fee %i, net %i', (gross, fee, reversedGross, reversedFee, amount, feeMinor, net) => {
    expect(reversalOf(gross, fee, reversedGross, reversedFee, amount)).toEqual({ feeMinor, netMinor: net });
  });

  test('never more than was earned, and nothing but integers', () => {
    expect(() => reversalOf(100, 15, 60, 9, 41)).toThrow(RangeError);
    expect(() => reversalOf(100, 15, 0, 0, -1)).toThrow(RangeError);
    expect(() => reversalOf(100, 15, 0, 0, 0.5)).toThrow(RangeError);
    expect(() => reversalOf(100, 101, 0, 0, 1)).toThrow(RangeError);
  });

  test('the parts of any split sum to the whole, and no part is below zero', () => {
    const earned = fc
      .tuple(fc.integer({ min: 1, max: 1_000_000_000 }), fc.integer({ min: 0, max: 10_000 }))
      .map(([gross, bps]) => ({ gross, fee: Math.floor((gross * bps) / 10_000) }));
    fc.assert(
      fc.property(earned, fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 }), (whole, cuts) => {
        const { gross, fee } = whole;
        const ends = [...cuts.map((cut) => Math.floor(cut * gross)).sort((a, b) => a - b), gross];
        let [reversedGross, reversedFee, net] = [0, 0, 0];
        for (const end of ends) {
          const amount = end - reversedGross;
          const part = reversalOf(gross, fee, reversedGross, reversedFee, amount);
          expect(part.feeMinor).toBeGreaterThanOrEqual(0);
          expect(part.netMinor).toBeGreaterThanOrEqual(0);
          expect(part.feeMinor + part.netMinor).toBe(amount);
          reversedGross += amount;
          reversedFee += part.feeMinor;
          net += part.netMinor;
        }
        expect([reversedGross, reversedFee, net]).toEqual([gross, fee, gross - fee]);
      }),
    );
  });
});
