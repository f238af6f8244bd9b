import { describe, expect, test } from 'vitest';
import { readMinuteMs } from './seed-config.js';

describe('MINUTE_MS', () => {
  test('is a real minute where nothing is said', () => {
    expect(readMinuteMs({})).toBe(60_000);
    expect(readMinuteMs({ MINUTE_MS: '' })).toBe(60_000);
  });

  test('may be shorter in development', () => {
    expect(readMinuteMs({ MINUTE_MS: '500' })).toBe(500);
  });

  test('is refused in production unless it is a real minute', () => {
    expect(() => readMinuteMs({ MINUTE_MS: '500', NODE_ENV: 'production' })).toThrow(
      /MINUTE_MS is 500 with NODE_ENV=production/,
    );
    expect(readMinuteMs({ MINUTE_MS: '60000', NODE_ENV: 'production' })).toBe(60_000);
  });

  test.each(['0', '-1', '1.5', 'fast'])('"%s" is refused by name', (text) => {
    expect(() => readMinuteMs({ MINUTE_MS: text })).toThrow(/MINUTE_MS/);
  });
});
