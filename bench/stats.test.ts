import { describe, expect, it } from 'vitest';
import { median, percentile, ratePerSecond } from './stats.js';

describe('percentile', () => {
  it('is the value by nearest rank, whatever the order', () => {
    const values = [50, 10, 40, 20, 30];
    expect([0, 0.2, 0.21, 0.5, 0.99, 1].map((share) => percentile(values, share))).toEqual([10, 10, 20, 30, 50, 50]);
  });

  it('is the largest of a hundred only above 99 %', () => {
    const values = Array.from({ length: 100 }, (_, index) => index + 1);
    expect(percentile(values, 0.99)).toBe(99);
    expect(percentile(values, 0.991)).toBe(100);
  });

  it('is no number of no values', () => {
    expect(percentile([], 0.5)).toBeNaN();
  });
});

describe('median', () => {
  it('is the middle value of an odd number, the mean of two of an even one', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([7])).toBe(7);
    expect(median([])).toBeNaN();
  });
});

describe('ratePerSecond', () => {
  it('counts between two shares of the moments, so that a slow beginning and end change nothing', () => {
    const steady = Array.from({ length: 60 }, (_, index) => 100_000 + index * 100);
    expect(ratePerSecond([0, ...steady, 999_999], 0.2, 0.8)).toBeCloseTo(10, 5);
  });
});
