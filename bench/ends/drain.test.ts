import { describe, expect, it } from 'vitest';
import { watchDrain } from './drain.js';

describe('watchDrain', () => {
  it('notes when half, nearly all and all were through', async () => {
    const answers = [0, 40, 60, 99, 100];
    const drain = await watchDrain(Date.now(), 100, () => Promise.resolve(answers.shift() ?? 100), 5_000);
    expect(drain.count).toBe(100);
    expect(drain.p50).toBeGreaterThanOrEqual(90);
    expect(drain.p99).toBeGreaterThanOrEqual(drain.p50 + 40);
    expect(drain.all).toBeGreaterThanOrEqual(drain.p99 + 40);
  });

  it('says how far it got when it takes too long', async () => {
    await expect(watchDrain(Date.now(), 10, () => Promise.resolve(7), 100)).rejects.toThrow('7 of 10 ends are settled');
  });
});
