import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**', 'dist/**', '.punctual/**'],
    // Processes and not threads: Temporal's native runtime is one a process.
    pool: 'forks',
    // Two cores, and PostgreSQL and Temporal need their share of them.
    maxWorkers: 2,
    globalSetup: ['tests/setup/global.ts'],
    // What the command line prints is compared letter by letter, and CI would switch colours on.
    env: { NO_COLOR: '1' },
    // Lives at a hundred times their speed on two noisy cores: a miss is tried once more, two in a row fail.
    retry: process.env['CI'] === undefined ? 0 : 1,
    testTimeout: 20_000,
    hookTimeout: 60_000,
    teardownTimeout: 30_000,
  },
});
