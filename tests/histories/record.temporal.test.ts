import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { activitiesOf, historyToJson, payloadsOf, replayError, toHistory } from '../support/histories.js';
import { createHttpWorld, type HttpWorld } from '../support/http-world.js';
import { makePerson } from '../support/people.js';
import { until } from '../support/steps.js';
import { createWorld, type World } from '../support/world.js';
import { SHAPES } from './shapes/index.js';
import { Stage } from './shapes/stage.js';

/**
 * Plays every shape of life and replays its fresh history: by hand, `npm run test:histories`, since it takes minutes; every
 * run of the tests replays what is written down, and the lives of tests/http-lives. RECORD_HISTORIES=<label> npm test -- tests/histories writes
 * each down beside the older ones, `<shape>.<label>.json`; a file that is there already is left as it is.
 */

/** How many lives are played at the same time. */
const AT_ONCE = 16;
const LIMIT_MS = 240_000;

type Played = { json: string; result: unknown; asked: string[]; error: Error | null } | { failed: unknown };
const played = new Map<string, Played>();

async function playOnce(stage: Stage, name: string): Promise<Played> {
  const handle = stage.world.temporal.workflow.getHandle(await SHAPES[name]!.play(stage));
  const result = await ended(handle);
  const history = toHistory(await handle.fetchHistory());
  const error = await replayError(inject('workflowBundle'), history);
  return { json: historyToJson(history), result, asked: activitiesOf(history), error };
}

/** Lives at a hundred times their speed on noisy cores: one that was too late for a step is played once more. */
function play(stage: Stage, name: string): Promise<Played> {
  const again = () => playOnce(stage, name).catch((failed: unknown) => ({ failed }));
  return playOnce(stage, name).catch(again);
}

/** Waits for the end, also of a workflow that its relay has yet to start. */
async function ended(handle: { result(): Promise<unknown>; describe(): Promise<unknown> }): Promise<unknown> {
  const isThere = () =>
    handle.describe().then(
      () => true,
      () => false,
    );
  await until('the workflow is there', isThere, 20_000);
  return handle.result();
}

let world: HttpWorld;
let deaf: World;
beforeAll(async () => {
  [world, deaf] = await Promise.all([createHttpWorld(), createWorld()]);
  await Promise.all([world.startWorker(), deaf.startWorker()]);
  const stage = new Stage(world, await makePerson(world.db, 'admin'), deaf);
  const names = Object.keys(SHAPES);
  const lane = async () => {
    for (let name = names.shift(); name !== undefined; name = names.shift()) played.set(name, await play(stage, name));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}, LIMIT_MS);
afterAll(() => Promise.all([world.close(), deaf.close()]));

describe.each(Object.keys(SHAPES))('%s', (name) => {
  test('is played, replays and says nothing of anybody', async () => {
    const one = played.get(name)!;
    if ('failed' in one) throw one.failed;
    const { ends, asks = [] } = SHAPES[name]!;
    expect(one.result).toMatchObject(ends);
    expect(one.asked).toEqual(asks);
    expect(one.error).toBeNull();
    const said = payloadsOf(one.json);
    for (const personal of ['Test client', 'Test therapist', '@example.test', '+1500', 'client-', 'therapist-'])
      expect(said).not.toContain(personal);
    const label = process.env['RECORD_HISTORIES'];
    if (label === undefined) return;
    const file = new URL(`./${name}.${label}.json`, import.meta.url);
    if (!existsSync(file)) await writeFile(file, `${one.json}\n`);
  });
});
