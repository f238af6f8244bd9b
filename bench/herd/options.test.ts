import { expect, test } from 'vitest';
import { defaultMinuteMs, readHerdOptions } from './options.js';

test('a herd of a thousand is the default, with a tenth of it joining and all rivals', () => {
  const { n, runs, joins, rivals, spreadMs } = readHerdOptions([]);
  expect({ n, runs, joins, rivals, spreadMs }).toEqual({
    n: 1_000,
    runs: 1,
    joins: 100,
    rivals: ['pg-boss', 'graphile-worker', 'cron'],
    spreadMs: null,
  });
});

test('the largest herds run in earnest, small ones no quicker than a minute in two seconds', () => {
  expect([10, 100, 300, 1_000, 5_000, 10_000].map(defaultMinuteMs)).toEqual([
    2_000, 2_000, 3_600, 12_000, 60_000, 60_000,
  ]);
});

test('nobody joins twice, and one rival or none may be asked for', () => {
  expect(readHerdOptions(['--n', '10', '--joins', '50']).joins).toBe(10);
  expect(readHerdOptions(['--rivals', 'none']).rivals).toEqual([]);
  expect(readHerdOptions(['--rivals', 'cron']).rivals).toEqual(['cron']);
});

test('the spread may be switched off', () => {
  expect(readHerdOptions(['--spread-ms', '0']).spreadMs).toBe(0);
});

test('what it does not know is refused', () => {
  expect(() => readHerdOptions(['--rivals', 'celery'])).toThrow('--rivals');
  expect(() => readHerdOptions(['--n', '0'])).toThrow('--n');
  expect(() => readHerdOptions(['--herd', '1'])).toThrow('--herd');
});
