import { expect, test } from 'vitest';
import { isAtLeast, parseServerVersion, pinnedCliVersion } from './temporal-version.js';

test.each([
  ['temporal version 0.0.0-DEV (Server 1.31.2, UI 2.50.1)', '1.31.2'],
  ['temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)', '1.29.1'],
  ['command not found', undefined],
])('the server inside "%s" is %s', (output, version) => {
  expect(parseServerVersion(output)).toBe(version);
});

test.each([
  ['1.31.0', '1.31.0', true],
  ['1.31.2', '1.31.0', true],
  ['1.100.0', '1.31.0', true],
  ['2.0.0', '1.31.0', true],
  ['1.30.9', '1.31.0', false],
  ['0.31.5', '1.31.0', false],
])('%s is at least %s: %s', (a, b, verdict) => {
  expect(isAtLeast(a, b)).toBe(verdict);
});

test('the pinned command line is the one that go.mod requires', async () => {
  expect(await pinnedCliVersion()).toMatch(/^1\.\d+\.\d+$/);
});
