import { describe, expect, test } from 'vitest';
import { type Blow, blowsOf, livesOf, lostAnswersOf, STORIES, VICTIMS } from './plan.js';
import { Prng } from './prng.js';

function first<T>(generator: Generator<T>, count: number): T[] {
  return Array.from({ length: count }, () => generator.next().value as T);
}

describe('everything follows from the seed', () => {
  test('the same seed gives the same lives, kills and lost answers', () => {
    expect(livesOf(7, 50, 2)).toEqual(livesOf(7, 50, 2));
    expect(first(blowsOf(7), 100)).toEqual(first(blowsOf(7), 100));
    expect(first(lostAnswersOf(7), 100)).toEqual(first(lostAnswersOf(7), 100));
  });

  test('another seed gives others', () => {
    expect(livesOf(8, 50, 2)).not.toEqual(livesOf(7, 50, 2));
    expect(first(blowsOf(8), 100)).not.toEqual(first(blowsOf(7), 100));
  });

  test('more lives leave the first ones as they are', () => {
    expect(livesOf(7, 500, 2).slice(0, 50)).toEqual(livesOf(7, 50, 2));
  });
});

test('a thousand lives have every story, and begin at their pace', () => {
  const lives = livesOf(1, 1_000, 2.5);
  expect(new Set(lives.map(({ story }) => story))).toEqual(new Set(Object.keys(STORIES)));
  expect(lives.at(-1)!.startAfterMs).toBeGreaterThan(399_000);
  expect(lives.at(-1)!.startAfterMs).toBeLessThan(401_000);
});

test('every six kills strike each process once', () => {
  const blows = first<Blow>(blowsOf(3), 60);
  for (let from = 0; from < 60; from += 6)
    expect(
      blows
        .slice(from, from + 6)
        .map(({ victim }) => victim)
        .toSorted(),
    ).toEqual([...VICTIMS].toSorted());
});

describe('the generator', () => {
  test('is even, and within its bounds', () => {
    const prng = new Prng(1);
    const drawn = Array.from({ length: 10_000 }, () => prng.whole(1, 4));
    for (const value of [1, 2, 3, 4]) {
      const share = drawn.filter((one) => one === value).length / drawn.length;
      expect(share).toBeGreaterThan(0.23);
      expect(share).toBeLessThan(0.27);
    }
  });

  test('a fork does not move with what others draw', () => {
    const [one, other] = [new Prng(5), new Prng(5)];
    other.next();
    expect(other.fork('a').next()).toBe(one.fork('a').next());
    expect(one.fork('a').next()).not.toBe(one.fork('b').next());
  });
});
