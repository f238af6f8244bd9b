import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decimalsOf, toMajorUnits } from './major-units.js';

test.each([
  [0, 'EUR', '0.00'],
  [5, 'EUR', '0.05'],
  [-5, 'EUR', '-0.05'],
  [123_456, 'INR', '1234.56'],
  [500, 'JPY', '500'],
  [-500, 'JPY', '-500'],
  [1_234_567, 'KWD', '1234.567'],
  [7, 'BHD', '0.007'],
  [9_007_199_254_740_991, 'USD', '90071992547409.91'],
])('%i minor units of %s are %s', (amountMinor, currency, major) => {
  expect(toMajorUnits(amountMinor, currency)).toBe(major);
});

test('nothing is lost on the way, whatever the currency', () => {
  const currency = fc.constantFrom('JPY', 'EUR', 'KWD');
  fc.assert(
    fc.property(fc.maxSafeInteger(), currency, (amountMinor, code) => {
      const text = toMajorUnits(amountMinor, code);
      expect(text).toMatch(/^-?\d+(\.\d+)?$/);
      expect((text.split('.')[1] ?? '').length).toBe(decimalsOf(code));
      expect(Number(text.replace('.', '')) + 0).toBe(amountMinor + 0);
    }),
  );
});

test('no number but a safe integer, no currency but a code', () => {
  expect(() => toMajorUnits(0.5, 'EUR')).toThrow(RangeError);
  expect(() => toMajorUnits(1, 'EURO')).toThrow(RangeError);
});
