import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Runs `call`, and again up to `retries` times while `isWorthwhile` says so, waiting `pauseMs`, then twice that, ...
 * Only for calls that are harmless to repeat.
 * @throws what the last try threw.
 */
export async function withRetries<T>(
  call: () => Promise<T>,
  options: { retries: number; pauseMs: number; isWorthwhile: (error: unknown) => boolean },
): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      if (attempt >= options.retries || !options.isWorthwhile(error)) throw error;
      await sleep(options.pauseMs * 2 ** attempt);
    }
  }
}
