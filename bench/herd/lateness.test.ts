import { expect, test } from 'vitest';
import { latenessOf } from './lateness.js';

test('what came early counts as on time and is counted', () => {
  expect(latenessOf([-3, 0, 5, 7])).toEqual({ count: 4, p50: 0, p99: 7, max: 7, early: 1 });
});

test('of a hundred the second largest is the 99th percentile', () => {
  const { p50, p99, max } = latenessOf(Array.from({ length: 100 }, (_, index) => index + 1));
  expect({ p50, p99, max }).toEqual({ p50: 50, p99: 99, max: 100 });
});

test('of none there is no lateness', () => {
  expect(latenessOf([])).toEqual({ count: 0, p50: NaN, p99: NaN, max: NaN, early: 0 });
});
