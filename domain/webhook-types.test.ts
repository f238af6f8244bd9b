import { expect, test } from 'vitest';
import { WEBHOOK_RETRIES_MS, WEBHOOK_TYPES, webhookPause } from './webhook-types.js';

const HOUR_MS = 3_600_000;

test('ten tries within some three days, each pause spread by a fifth', () => {
  const pauses = WEBHOOK_RETRIES_MS.map((_, n) => webhookPause(n + 1, 0.5)!);
  expect(pauses).toEqual(WEBHOOK_RETRIES_MS);
  const total = pauses.reduce((sum, pause) => sum + pause, 0);
  expect(total).toBeGreaterThan(72 * HOUR_MS);
  expect(total).toBeLessThan(78 * HOUR_MS);
  expect(webhookPause(WEBHOOK_RETRIES_MS.length + 1, 0.5)).toBeNull();
  expect([webhookPause(1, 0), webhookPause(1, 0.999_999)]).toEqual([4_000, 6_000]);
});

test('each type is named once', () => {
  expect(new Set(WEBHOOK_TYPES).size).toBe(WEBHOOK_TYPES.length);
  expect(WEBHOOK_TYPES).toContain('appointment.no_show');
  expect(WEBHOOK_TYPES).not.toContain('appointment.scheduled');
});
