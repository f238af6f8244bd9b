import { expect, test } from 'vitest';
import type { Problem } from './errors.js';
import { Pace } from './pace.js';

/** How many of so many tries pass at a moment. */
function passes(pace: Pace, person: string, appointment: string, tries: number, now: number): number {
  let passed = 0;
  for (let n = 0; n < tries; n += 1) {
    try {
      pace.take(person, appointment, now);
      passed += 1;
    } catch (error) {
      expect((error as Problem).code).toBe('rate_limited');
    }
  }
  return passed;
}

test('sixty at once, then one a second, and sixty again after a minute', () => {
  const pace = new Pace();
  expect(passes(pace, 'sue', 'one', 10_000, 0)).toBe(60);
  expect(passes(pace, 'sue', 'ONE', 5, 999)).toBe(0);
  expect(passes(pace, 'sue', 'one', 5, 1_000)).toBe(1);
  expect(passes(pace, 'sue', 'one', 500, 5_000)).toBe(4);
  expect(passes(pace, 'sue', 'one', 500, 65_000)).toBe(60);
});

test('counts for nobody else and for no other appointment', () => {
  const pace = new Pace();
  expect(passes(pace, 'sue', 'one', 500, 0)).toBe(60);
  expect(passes(pace, 'tom', 'one', 500, 0)).toBe(60);
  expect(passes(pace, 'sue', 'two', 500, 0)).toBe(60);
});
