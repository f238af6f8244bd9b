import { expect, test } from 'vitest';
import { isStorable, storableText } from './storable-text.js';

test.each([
  ['a\u0000b', 'a\ufffdb'],
  ['\ud800', '\ufffd'],
  ['\udc00x\ud83d', '\ufffdx\ufffd'],
])('what can’t be stored is told and replaced: %j', (text, stored) => {
  expect(isStorable(text)).toBe(false);
  expect(storableText(text)).toBe(stored);
});

test.each(['', 'plain', 'naïve 😀', '\u0001\n\ufffd'])('all else stays as it is: %j', (text) => {
  expect(isStorable(text)).toBe(true);
  expect(isStorable(text)).toBe(true); // no state between two calls
  expect(storableText(text)).toBe(text);
});

test('a cut goes through no pair', () => {
  expect(storableText('ab😀', 3)).toBe('ab');
  expect(storableText('ab😀', 4)).toBe('ab😀');
  expect(storableText('abc', 2)).toBe('ab');
});
