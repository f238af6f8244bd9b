import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadAppointment } from '../../db/appointment-record.js';
import { isTerminal } from '../../domain/types.js';
import { createHttpWorld, type HttpWorld } from '../support/http-world.js';
import { makePerson } from '../support/people.js';
import { brokenRules, ledgersBooks, providersBooks } from '../support/provider-books.js';
import { handleOf, sleep, until } from '../support/steps.js';
import { readModelConfig, readTemporalSteps } from './config.js';
import { drawHttpSteps, takeHttpStep, type HttpStep, type Lives } from './temporal-steps.js';
import { expectMoneyRight } from './verdict.js';

const steps = readTemporalSteps(150);
const { seed, lanes } = readModelConfig({ steps, lanes: 4 });
/** The worker is down for this long, each so many steps. */
const DOWN_MS = 1_500;
const DOWN_EVERY = 50;
const END_LIMIT_MS = 60_000;

let world: HttpWorld;
beforeAll(async () => {
  world = await createHttpWorld();
  world.sandbox.control.setWebhookMode({ duplicates: 1, reorder: true });
  await world.startWorker();
});
afterAll(() => world.close());

async function walkLanes(lives: Lives, drawn: readonly HttpStep[]): Promise<void> {
  let taken = 0;
  let restarts: Promise<void> = Promise.resolve();
  const restart = async (): Promise<void> => {
    await world.stopWorker();
    await sleep(DOWN_MS);
    await world.startWorker();
  };
  const lane = async (): Promise<void> => {
    while (taken < drawn.length) {
      const step = drawn[taken]!;
      taken += 1;
      if (taken % DOWN_EVERY === DOWN_EVERY / 2) restarts = restarts.then(restart);
      await takeHttpStep(lives, step);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  await restarts;
}

/** Everything that was begun has come to its end by itself. */
async function expectAllEnded({ lives }: Lives): Promise<void> {
  for (const { id } of lives) {
    await until(
      `${id} is over`,
      async () => isTerminal((await loadAppointment(world.db, id))!.record.status),
      END_LIMIT_MS,
    );
    expect(await handleOf(world, id).result()).toMatchObject({ ended: 'over' });
  }
  const open = () =>
    world.db.selectFrom('refund').where('status', 'in', ['pending', 'processing']).select('id').execute();
  await until('no refund is under way', async () => (await open()).length === 0, END_LIMIT_MS);
}

test(
  `${steps} steps through Temporal with webhooks twice and shuffled and the worker stopped now and then, MODEL_SEED=${seed}`,
  async () => {
    const lives: Lives = { world, admin: await makePerson(world.db, 'admin'), lives: [], log: [] };
    await walkLanes(lives, drawHttpSteps(seed, steps));
    await expectAllEnded(lives);
    expect(await brokenRules(world.db)).toEqual([]);
    const outcomes = await expectMoneyRight(
      world.db,
      lives.lives.map(({ id }) => id),
      lives.log,
    );
    expect(await ledgersBooks(world.db)).toEqual(providersBooks(world.sandbox));
    expect(outcomes.length).toBeGreaterThan(steps / 20);
    expect(outcomes.filter((outcome) => outcome.startsWith('completed')).length).toBeGreaterThan(0);
    process.stdout.write(`MODEL_SEED=${seed}: ${outcomes.toSorted((a, b) => (a < b ? -1 : 1)).join(', ')}\n`);
  },
  120_000 + steps * 500,
);
