import { randomUUID } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { Worker, type ReplayResult } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import * as messages from '../workflows/messages.js';
import { historyToJson, toHistory, type History } from './support/histories.js';
import { makeClient, makePerson, makeTherapist } from './support/people.js';
import * as steps from './support/steps.js';
import { createWorld, type World } from './support/world.js';

/**
 * Histories of every shape of life, as they were when they were recorded. Appointments outlive deployments: a change of
 * workflow code that can't replay one must go behind `patched()`. Record anew, beside the old ones, with
 * RECORD_HISTORIES=<label> npm test -- tests/replay
 */
const FOLDER = new URL('./histories/', import.meta.url);
const WHAT_TO_DO =
  'The workflow code no longer replays histories of open appointments: put the change behind patched(), keep the old branch.';

async function replay(histories: { workflowId: string; history: History }[]): Promise<ReplayResult[]> {
  const results: ReplayResult[] = [];
  const options = { workflowBundle: { codePath: inject('workflowBundle') }, replayName: randomUUID() };
  for await (const result of Worker.runReplayHistories(options, histories)) results.push(result);
  return results;
}

describe('recorded histories', async () => {
  const files = (await readdir(FOLDER)).filter((file) => file.endsWith('.json'));
  test('there are some', () => expect(files.length).toBeGreaterThanOrEqual(5));
  test.each(files)('%s replays', async (file) => {
    const history = toHistory(JSON.parse(await readFile(new URL(file, FOLDER), 'utf8')));
    const [result] = await replay([{ workflowId: messages.appointmentWorkflowId(file), history }]);
    expect(result?.error, WHAT_TO_DO).toBeUndefined();
  });
});

describe('fresh histories', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
    await world.startWorker();
  });
  afterAll(() => world.close());

  const shapes: Record<string, () => Promise<string>> = {
    async 'completed-video'() {
      const people = await parties({ minuteMs: 250 });
      const id = await steps.confirmed(world, { ...people, inMs: 3_000 });
      await steps.join(world, id, 'client', people.client);
      await steps.join(world, id, 'therapist', people.therapist);
      return id;
    },
    async 'ended-by-party-chat'() {
      const people = await parties({ minuteMs: 250 });
      const id = await steps.confirmed(world, { ...people, inMs: 3_000, sessionMode: 'chat', durationMinutes: 60 });
      await steps.join(world, id, 'client', people.client);
      await steps.join(world, id, 'therapist', people.therapist);
      await steps.endBy(world, id, 'client', people.client);
      return id;
    },
    async 'expired-unpaid'() {
      return steps.book(world, { ...(await parties({ paymentWindowMinutes: 10 })), inMs: 60_000 });
    },
    async 'expired-unactivated'() {
      const people = await parties();
      const id = await steps.book(world, { ...people, inMs: 2_000, durationMinutes: 30 });
      await steps.payFromWallet(world, id);
      return id;
    },
    async 'no-show-both'() {
      return steps.activated(world, { ...(await parties()), inMs: 2_000 });
    },
    async 'rescheduled-cancelled'() {
      const people = await parties();
      const id = await steps.activated(world, { ...people, inMs: 60_000 });
      const admin = { role: 'admin', id: people.admin.id } as const;
      await steps.request(world, id, messages.rescheduleAppointment, admin, undefined, {
        startsAt: Date.now() + 90_000,
      });
      const client = { role: 'client', id: people.client.id } as const;
      await steps.request(world, id, messages.cancelAppointment, client, 'a test', { refundTo: 'wallet' });
      return id;
    },
    async 'extended-chat'() {
      const people = await parties({ minuteMs: 250 });
      const id = await steps.confirmed(world, { ...people, inMs: 3_000, sessionMode: 'chat' });
      await steps.join(world, id, 'client', people.client);
      await steps.join(world, id, 'therapist', people.therapist);
      const therapist = { role: 'therapist', id: people.therapist.id } as const;
      await steps.until('in progress', async () => (await steps.stored(world, id)).status === 'in_progress');
      await steps.request(world, id, messages.extendSession, therapist, undefined, { minutes: 5 });
      return id;
    },
    async 'activated-by-hand-forced'() {
      const people = await parties();
      const id = await steps.book(world, { ...people, inMs: 60_000, sessionMode: 'chat' });
      await steps.handleOf(world, id).signal('activate', { reason: 'too early' });
      await steps.handleOf(world, id).signal('activate');
      await steps.payFromWallet(world, id);
      const admin = { role: 'admin', id: people.admin.id } as const;
      await steps.request(world, id, messages.forceConfirm, admin, 'begins early');
      await steps.request(world, id, messages.cancelAppointment, admin, 'a test');
      return id;
    },
    async 'refused-booking'() {
      const people = await parties();
      await steps.book(world, { ...people, inMs: 60_000 });
      const appointmentId = randomUUID();
      await steps.book(world, { ...people, inMs: 60_000, appointmentId }).catch(steps.refusalOf);
      return appointmentId;
    },
  };

  async function parties(policy = {}) {
    const { db } = world;
    return {
      client: await makeClient(db),
      therapist: await makeTherapist(db, policy),
      admin: await makePerson(db, 'admin'),
    };
  }

  test.each(Object.keys(shapes))('%s replays', async (name) => {
    const handle = steps.handleOf(world, await shapes[name]!());
    await handle.result();
    const history = toHistory(await handle.fetchHistory());
    const [result] = await replay([{ workflowId: handle.workflowId, history }]);
    expect(result?.error).toBeUndefined();
    const label = process.env['RECORD_HISTORIES'];
    if (label !== undefined) await writeFile(new URL(`${name}.${label}.json`, FOLDER), `${historyToJson(history)}\n`);
  });
});
