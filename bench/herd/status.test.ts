import { describe, expect, test } from 'vitest';
import { judgeRead, type JoinMoment, type ReadVerdict } from './status.js';

const T5 = 1_000_000;

/** Status, from and to of the read relative to T-5, the join's two moments relative to T-5 or none, and the verdict. */
type Case = [status: string, from: number, to: number, join: [number, number | null] | null, verdict: ReadVerdict];

const CASES: Case[] = [
  ['scheduled', -20, -1, null, 'right'],
  ['confirmed', -20, -1, null, 'early'],
  ['in_progress', -20, -1, null, 'early'],
  ['scheduled', -5, 5, null, 'right'],
  ['confirmed', -5, 5, null, 'right'],
  ['confirmed', -5, 0, null, 'right'],
  ['scheduled', 0, 10, null, 'stale'],
  ['confirmed', 0, 10, null, 'right'],
  ['in_progress', 0, 10, null, 'early'],
  ['scheduled', 50, 60, [10, 40], 'stale'],
  ['confirmed', 50, 60, [10, 40], 'stale'],
  ['in_progress', 50, 60, [10, 40], 'right'],
  ['confirmed', 30, 60, [10, 40], 'right'],
  ['in_progress', 30, 60, [10, 40], 'right'],
  ['confirmed', 50, 60, [10, null], 'right'],
  ['in_progress', 50, 60, [10, null], 'right'],
  ['in_progress', 50, 60, [70, 90], 'early'],
  ['cancelled', 50, 60, null, 'wrong'],
  ['', -20, -10, null, 'wrong'],
];

describe('a read of an appointment', () => {
  test.each(CASES)('that shows %s from %i to %i ms, joined %j, is %s', (status, from, to, join, verdict) => {
    const moment: JoinMoment | null =
      join === null ? null : { sentAt: T5 + join[0], letInAt: join[1] === null ? null : T5 + join[1] };
    expect(judgeRead({ status, from: T5 + from, to: T5 + to }, T5, moment)).toBe(verdict);
  });
});
