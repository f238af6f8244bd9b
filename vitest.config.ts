import { defineConfig } from 'vitest/config';
import { throwawayKeys } from './dev/throwaway-keys.js';

/** Minutes of kills, outages and races each: run by their own scripts (test:outages and the like), not with the rest. */
const LONG = ['tests/boundaries/**', 'tests/outages/**', 'tests/races/**', 'tests/poisoned*', 'tests/overload*'];

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: [
      '**/node_modules/**',
      'dist/**',
      '.punctual/**',
      ...(process.env['LONG_TESTS'] === undefined ? LONG : []),
    ],
    // Processes and not threads: Temporal's native runtime is one a process.
    pool: 'forks',
    // Two cores, and PostgreSQL and Temporal need their share of them.
    maxWorkers: 2,
    globalSetup: ['tests/setup/global.ts'],
    // What the command line prints is compared letter by letter, and CI would switch colours on.
    env: { NO_COLOR: '1', ...throwawayKeys },
    // Lives at a hundred times their speed on two noisy cores: a miss is tried once more, two in a row fail.
    retry: process.env['CI'] === undefined ? 0 : 1,
    testTimeout: 20_000,
    hookTimeout: 60_000,
    teardownTimeout: 30_000,
  },
});
