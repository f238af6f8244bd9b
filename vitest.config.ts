import { defineConfig } from 'vitest/config';
import { throwawayKeys } from './dev/throwaway-keys.js';

/** Minutes of kills, outages and races each: run by their own scripts (test:outages and the like), not with the rest. */
const LONG = ['tests/boundaries/**', 'tests/outages/**', 'tests/races/**', 'tests/poisoned*', 'tests/overload*'];
/** Fifty lives from their booking to their end: the recorder of what tests/replay replays in every run. */
const RECORDER = 'tests/histories/**';
const byHand = [
  ...(process.env['LONG_TESTS'] === undefined ? LONG : []),
  ...((process.env['LONG_TESTS'] ?? process.env['RECORD_HISTORIES']) === undefined ? [RECORDER] : []),
];
const NOT_OURS = ['**/node_modules/**', 'dist/**', '.punctual/**'];

/** Those that start and stop whole stacks; all others share their processes, and what these have loaded. */
const ALONE = ['dev/**/*.test.ts'];

/** Both kinds of tests. (Not by `extends`, which would bring PostgreSQL and Temporal up once for each.) */
const shared = {
  // Processes and not threads: Temporal's native runtime is one a process.
  pool: 'forks',
  // What the command line prints is compared letter by letter, and CI would switch colours on.
  env: { NO_COLOR: '1', ...throwawayKeys },
  // Lives at a hundred times their speed on two noisy cores: a miss is tried once more, two in a row fail.
  retry: process.env['CI'] === undefined ? 0 : 1,
  testTimeout: 20_000,
  hookTimeout: 60_000,
} as const;

export default defineConfig({
  test: {
    globalSetup: ['tests/setup/global.ts'],
    // Two cores, and PostgreSQL and Temporal need their share of them.
    maxWorkers: 2,
    teardownTimeout: 30_000,
    projects: [
      {
        test: {
          ...shared,
          name: 'sharing',
          include: ['**/*.test.ts'],
          exclude: [...NOT_OURS, ...ALONE, ...byHand],
          isolate: false,
        },
      },
      { test: { ...shared, name: 'alone', include: ALONE, exclude: NOT_OURS } },
    ],
  },
});
