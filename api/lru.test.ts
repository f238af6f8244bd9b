import { expect, test } from 'vitest';
import { Lru } from './lru.js';

test('what was used least recently is forgotten first, and nothing outlives its time', () => {
  const lru = new Lru<number>(2);
  lru.set('a', 1, 100);
  lru.set('b', 2, 100);
  expect(lru.get('a', 0)).toBe(1);
  lru.set('c', 3, 100);
  expect([lru.get('a', 0), lru.get('b', 0), lru.get('c', 0)]).toEqual([1, undefined, 3]);
  expect([lru.get('a', 99), lru.get('a', 100)]).toEqual([1, undefined]);
});

test('a value set anew takes one place and its new time', () => {
  const lru = new Lru<number>(2);
  lru.set('a', 1, 100);
  lru.set('b', 2, 100);
  lru.set('a', 3, 200);
  expect([lru.get('a', 150), lru.get('b', 50)]).toEqual([3, 2]);
  lru.delete('a');
  expect(lru.get('a', 0)).toBeUndefined();
});
