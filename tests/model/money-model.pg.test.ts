import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { openDatabase } from '../../db/database.js';
import { createTestDatabase } from '../setup/database.js';
import { readModelConfig } from './config.js';
import { makeModel } from './model.js';
import { drawSteps } from './step.js';
import { expectEndsRight, workOffEverything } from './verdict.js';
import { expectInvariants, walk, type Walk } from './walk.js';

/** Steps on one database: few enough that the check of all of it stays cheap. */
const ROUND_STEPS = 500;
const CHECK_EVERY = 25;
const { seed, steps, lanes } = readModelConfig({ steps: 5_000, lanes: 6 });
const TIMEOUT_MS = 60_000 + steps * 60;

/** Every way in which an appointment can end. */
const OUTCOMES = [
  'cancelled cancelled',
  'completed duration_over',
  'completed ended_by_party',
  'completed therapist_left',
  'expired activation',
  'expired payment',
  'no_show both_absent',
  'no_show client_absent',
  'no_show therapist_absent',
];

/** Walks on a database of its own. */
async function walkOnce<T>(roundSeed: number, count: number, after: (walked: Walk) => Promise<T>): Promise<T> {
  const database = await createTestDatabase();
  const db = openDatabase(database.url, { maxConnections: 2 * lanes + 2 });
  try {
    const walked: Walk = { model: await makeModel(db), log: [], deadlocks: 0 };
    await walk(walked, drawSteps(roundSeed, count), { lanes, checkEvery: CHECK_EVERY });
    return await after(walked);
  } finally {
    await db.destroy();
    await database.drop();
  }
}

async function toTheEnd(walked: Walk): Promise<string[]> {
  // A transaction that does several things with money at once may meet another that does them in another order.
  expect(walked.deadlocks).toBeLessThanOrEqual(1);
  await workOffEverything(walked);
  await expectInvariants(walked);
  return expectEndsRight(walked);
}

describe(`random lives of money, MODEL_SEED=${seed} MODEL_STEPS=${steps} MODEL_LANES=${lanes}`, () => {
  test(
    'every invariant holds all the way, and every life ends with the money it should',
    async () => {
      const reached = new Map<string, number>();
      for (let done = 0; done < steps; done += ROUND_STEPS) {
        const roundSeed = seed + done / ROUND_STEPS;
        const count = Math.min(ROUND_STEPS, steps - done);
        try {
          const outcomes = await walkOnce(roundSeed, count, toTheEnd);
          for (const outcome of outcomes) reached.set(outcome, (reached.get(outcome) ?? 0) + 1);
        } catch (error) {
          throw new Error(`MODEL_SEED=${roundSeed} MODEL_STEPS=${count} MODEL_LANES=${lanes}`, { cause: error });
        }
      }
      const lines = [...reached].map(([outcome, times]) => `${times} ${outcome}`);
      process.stdout.write(`MODEL_SEED=${seed}: ${lines.join(', ')}\n`);
      if (steps >= 5_000) expect([...reached.keys()]).toEqual(expect.arrayContaining(OUTCOMES));
    },
    TIMEOUT_MS,
  );

  test('and a row that somebody doctored is reported', async () => {
    await walkOnce(1, 60, async (walked) => {
      await expectInvariants(walked);
      await sql`update account set balance_minor = balance_minor + 1 where kind = 'promotion'`.execute(walked.model.db);
      await expect(expectInvariants(walked)).rejects.toThrow('balances_equal_entries');
    });
  });
});
