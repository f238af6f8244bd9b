import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { databaseNow } from '../db/clock.js';
import { commitAppointment } from '../db/commit.js';
import { readRoom } from '../db/rooms.js';
import { momentOf } from './races/hold.js';
import { latenessOf, type Lateness } from './races/lateness.js';
import * as poisons from './races/poisons.js';
import { POISONED_EFFECTS, POISONS, type Poison } from './races/poisons.js';
import { createRaceWorld, startWorkflow, type RaceWorld } from './races/racing.js';
import { arrangeRow, bring, type Racing, type Wish } from './races/rows.js';
import { replayError, toHistory } from './support/histories.js';
import { handleOf, sleep, until } from './support/steps.js';

/** Appointments that can't go on harm no other: twenty healthy ones on the same worker, due on the same seconds. */

let world: RaceWorld;
beforeAll(async () => {
  world = await createRaceWorld();
});
afterAll(() => world.close());

const HEALTHY = 20;
/** Of fifty that could not go on, so many are looked at again by their history. */
const REPLAYED = 5;
/** Of each healthy one: T-15, T-5 and the end; to two people by three ways, T-15 to both admins besides; its room. */
const EXPECTED = { committed: HEALTHY * 3, told: HEALTHY * 16, rooms: HEALTHY };
/** A herd alone was 0.8 to 1.3 s late on two busy cores: more than this is harm. */
const HARM_MS = 4_000;
/**
 * From T-15 to the end in 10 s: T-5 four seconds later (a reminder of T-15 would have lost its meaning then), the start two
 * seconds later, and ten minutes of it.
 */
const policy = { minuteMs: HARM_MS / 10, paymentWindowMinutes: 100, wakeSpreadMs: 60_000 };
const LEAD_MS = 4_000;
/** So many workflows are begun at a time. */
const AT_ONCE = 4;
/** How long fifty are stuck before the healthy ones come: past what a herd of seventy costs on its second. */
const STUCK_MS = 8_000;
const LIMIT_MS = 180_000;

async function rows(count: number, wish: Partial<Wish> = {}): Promise<Racing[]> {
  const all: Racing[] = [];
  for (let index = 0; index < count; index += 1) {
    const chat = { stage: 'activated' as const, policy, durationMinutes: 10, farMs: 120_000 };
    all.push(await arrangeRow(world.db, world.admin, { ...chat, ...wish }));
  }
  return all;
}

/** How long it takes at most to begin so many workflows here and now, ms: a few are begun to see. */
async function beginningMs(count: number): Promise<number> {
  const few = await rows(AT_ONCE, { farMs: 3_600_000 });
  const begunAt = Date.now();
  await beginAll(few);
  return LEAD_MS + count * Math.max(100, (Date.now() - begunAt) / AT_ONCE);
}

/** A few at a time: each asks its workflow again and again whether it has begun. */
async function beginAll(all: readonly Racing[]): Promise<void> {
  const waiting = [...all];
  const lane = async () => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) await startWorkflow(world, one.id);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

/**
 * A herd lives beside what is spoilt after its workflows have begun and before T-15, which comes so much earlier than the
 * herd's. @returns how late the herd was
 */
async function liveBeside(spoilt: readonly Racing[], spoil: () => Promise<unknown>, earlierMs = 0): Promise<Lateness> {
  const { db } = world;
  const herd = await rows(HEALTHY);
  const all = [...herd, ...spoilt];
  const at = (await databaseNow(db)) + (await beginningMs(all.length));
  for (const racing of spoilt) await bring(db, racing, 'remind_at', at - (await databaseNow(db)));
  for (const racing of herd) await bring(db, racing, 'remind_at', at + earlierMs - (await databaseNow(db)));
  await beginAll(all);
  await spoil();
  const endsAt = await momentOf(db, herd[0]!.id, 'ends_at');
  await sleep(endsAt - (await databaseNow(db)));
  const ids = herd.map(({ id }) => id);
  const isDone = async () => {
    const { committed, told } = await latenessOf(db, ids);
    return committed === EXPECTED.committed && told === EXPECTED.told;
  };
  await until('the healthy ones are over', isDone, 30_000).catch(() => undefined); // what is missing shows in the counts
  return latenessOf(db, ids);
}

function expectUnharmed(lateness: Lateness): void {
  const { durableMs, toldMs, roomMs, ...counts } = lateness;
  expect(counts).toEqual(EXPECTED);
  expect(Math.max(durableMs, toldMs, roomMs), JSON.stringify(lateness)).toBeLessThan(HARM_MS);
}

/** What attention says of an appointment. */
async function attentionTo({ id }: Racing): Promise<{ kind: string; detail: object; remedy: string }[]> {
  const { status, body } = await world.send(world.admin, 'GET', '/v1/admin/attention');
  expect(status).toBe(200);
  const items = body['items'] as { appointmentId: string; kind: string; detail: object; remedy: string }[];
  return items.filter(({ appointmentId }) => appointmentId === id);
}

async function expectShown({ shows }: Pick<Poison, 'shows'>, racing: Racing): Promise<void> {
  const shown = (await attentionTo(racing)).find(({ kind }) => kind === shows.kind);
  expect(shown).toMatchObject({ detail: shows.detail ?? {} });
  expect(shown!.remedy).toMatch(/^\p{Lu}.*\.$/u); // a sentence
}

async function isOver({ id }: Racing): Promise<boolean> {
  const row = await world.db.selectFrom('appointment').where('id', '=', id).select('outcomeAt').executeTakeFirst();
  return row!.outcomeAt !== null;
}

describe('appointments that can’t go on, each in another way', () => {
  let spoilt: Racing[];
  let lateness: Lateness;
  beforeAll(async () => {
    spoilt = await rows(POISONS.length);
    lateness = await liveBeside(spoilt, async () => {
      for (const [index, poison] of POISONS.entries()) await poison.spoil(world, spoilt[index]!);
    });
  }, LIMIT_MS);

  test('twenty healthy ones beside them are committed and told in time', () => expectUnharmed(lateness));

  test('lists with them in it can be read, and so can they', async () => {
    const { status, body } = await world.send(world.admin, 'GET', '/v1/appointments?limit=100');
    expect({ status, count: (body['items'] as unknown[] | undefined)?.length }).toEqual({
      status: 200,
      count: HEALTHY + POISONS.length + AT_ONCE, // and those that were begun to see
    });
    for (const racing of spoilt)
      expect((await world.send(racing.client, 'GET', `/v1/appointments/${racing.id}`)).status).toBe(200);
  });

  test.for(POISONS.map((poison, index) => [poison.name, index] as const))(
    '%s: shown with a remedy, and once mended it goes on by itself',
    { timeout: LIMIT_MS },
    async ([, index]) => {
      const [poison, racing] = [POISONS[index]!, spoilt[index]!];
      expect(await isOver(racing)).toBe(false);
      await poisons.aMinuteLater(world, racing);
      await expectShown(poison, racing);
      await poison.mend(world, racing);
      await until('it goes on', () => isOver(racing), 40_000);
      expect(await attentionTo(racing)).toEqual([]);
    },
  );
});

describe('a notice or a room that can’t be had', () => {
  let spoilt: Racing[];
  let roomless: Racing;
  let lateness: Lateness;
  beforeAll(async () => {
    spoilt = await rows(POISONED_EFFECTS.length);
    [roomless] = (await rows(1, { sessionMode: 'video', farMs: 600_000 })) as [Racing];
    await poisons.refuseRoom(world, roomless);
    lateness = await liveBeside(spoilt, async () => {
      for (const [index, poison] of POISONED_EFFECTS.entries()) await poison.spoil(world, spoilt[index]!);
      const actor = { role: 'admin', id: world.admin.id } as const;
      const force = { id: randomUUID(), kind: 'force_confirm', actor, payload: { reason: 'a test' } } as const;
      await commitAppointment(world.db, roomless.id, force); // its room is wanted from now on
    });
  }, LIMIT_MS);

  test('twenty healthy ones beside them are committed and told in time', () => expectUnharmed(lateness));

  test.for(POISONED_EFFECTS.map((poison, index) => [poison.name, index] as const))(
    '%s: shown with a remedy, and the appointment lives on',
    { timeout: LIMIT_MS },
    async ([, index]) => {
      const [poison, racing] = [POISONED_EFFECTS[index]!, spoilt[index]!];
      await until('the appointment is over', () => isOver(racing), 30_000);
      await expectShown(poison, racing);
    },
  );

  test(
    'a room that the vendor refuses: shown with a remedy, and made once it can be',
    { timeout: LIMIT_MS },
    async () => {
      const room = () => readRoom(world.db, roomless.id);
      for (let tries = 1; tries <= 6; tries += 1) {
        await until(
          `it was tried ${tries} times`,
          async () => (await room())!.attempts >= tries && (await room())!.error !== null,
        );
        await poisons.tryRoomNow(world, roomless);
      }
      await expectShown({ shows: { kind: 'room_refused', detail: { room: 'wanted' } } }, roomless);
      await poisons.allowRoom(world, roomless);
      await poisons.tryRoomNow(world, roomless);
      await until('the room is alive', async () => (await room())!.status === 'alive');
      expect(await attentionTo(roomless)).toEqual([]);
    },
  );
});

test('fifty whose commit always fails take no other’s place', { timeout: LIMIT_MS }, async () => {
  const spoilt = await rows(50);
  const ids = spoilt.map(({ id }) => id);
  // A worker has forty places: all of them could be taken when the healthy ones come.
  expectUnharmed(await liveBeside(spoilt, () => poisons.refuseCommits(world.db, ids), STUCK_MS));
  await poisons.allowCommits(world.db);
  await until('they go on', async () => (await Promise.all(spoilt.map(isOver))).every(Boolean), 40_000);
  // What waited for its next try is in the history, and another worker goes on from there.
  for (const { id } of spoilt.slice(0, REPLAYED)) {
    const history = toHistory(await handleOf(world, id).fetchHistory());
    expect(await replayError(inject('workflowBundle'), history)).toBeNull();
  }
});
