import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commitAppointment } from '../db/commit.js';
import { joinSession } from '../db/joins.js';
import { DAY_MS, makeParties, MINUTE_MS, passTime, passUntilStart } from '../tests/support/appointments.js';
import { makeClient } from '../tests/support/people.js';
import { appointmentSchema } from './schemas.js';
import { activated, activateRow, booked, open, over, paid } from './test-lives.js';
import { type ApiWorld, createApiWorld } from './test-world.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

const read = (person: { id: string; subject: string }, id: string) => world.send(person, `/v1/appointments/${id}`);
const strict = appointmentSchema.strict();

/** Parties of a test's own, so that lists hold nothing of another's. */
const fresh = async () => ({ db: world.db, parties: await makeParties(world.db) });
const listed = async (person: { id: string; subject: string }, query = '') => {
  const { body } = await world.send(person, `/v1/appointments?${query}`);
  return body as {
    items: { id: string; status: string; startsAt: string; deciding: boolean }[];
    nextCursor: string | null;
  };
};

describe('one appointment', () => {
  test('is what the contract promises, and nothing more', async () => {
    const { client, therapist } = world.parties;
    const id = await booked(world, { inMs: 3 * DAY_MS });
    const { status, body } = await read(client, id);
    expect(status).toBe(200);
    expect(strict.parse(body)).toMatchObject({
      id,
      status: 'scheduled',
      sessionMode: 'video',
      durationMinutes: 60,
      meetingId: `meeting-${id}`,
      client: { id: client.id, name: 'Test client' },
      therapist: { id: therapist.id, name: 'Test therapist' },
      price: { amountMinor: 6_000, currency: 'INR' },
      payment: null,
      isActivatedByAdmin: false,
      attendance: { client: { joinedAt: null, cameAt: null }, therapist: { joinedAt: null, cameAt: null } },
      outcome: null,
      deciding: false,
      hold: 'none',
      refunds: [],
      join: { canJoin: false, action: 'join', code: 'payment_required' },
      allowedActions: ['pay', 'cancel', 'reschedule'],
      scheduleVersion: 1,
    });
    expect(Date.parse(body['endsAt'] as string) - Date.parse(body['startsAt'] as string)).toBe(60 * MINUTE_MS);
    expect(Date.parse(body['payBy'] as string) - Date.parse(body['createdAt'] as string)).toBe(30 * MINUTE_MS);
    expect(Math.abs(Date.parse(body['serverNow'] as string) - Date.now())).toBeLessThan(5_000);
  });

  test('is confirmed at T-5 by the clock alone, and open to join', async () => {
    const { client, therapist, admin } = world.parties;
    const id = await open(world, { inMs: 5 * DAY_MS });
    expect((await read(client, id)).body).toMatchObject({
      status: 'confirmed',
      join: { canJoin: true, code: null },
      allowedActions: ['join', 'cancel'],
    });
    expect((await read(therapist, id)).body).toMatchObject({
      status: 'confirmed',
      join: { canJoin: true },
      allowedActions: ['join', 'cancel'],
    });
    const seen = strict.parse((await read(admin, id)).body);
    expect(seen.joinVerdicts).toMatchObject({ client: { canJoin: true }, therapist: { canJoin: true } });
    expect(seen.allowedActions).toEqual(['cancel']);
    const stored = await world.db
      .selectFrom('appointment')
      .where('id', '=', id)
      .select('status')
      .executeTakeFirstOrThrow();
    expect(stored.status).toBe('scheduled');
  });

  test('says what each may do as its life goes on', async () => {
    const own = await fresh();
    const { client, therapist, admin } = own.parties;
    const actions = async (person: typeof client, id: string) => (await read(person, id)).body['allowedActions'];
    const id = await paid(own, { inMs: 7 * DAY_MS });
    expect(await actions(client, id)).toEqual(['cancel', 'reschedule']);
    expect(await actions(admin, id)).toEqual(['activate', 'force_confirm', 'cancel', 'reschedule']);
    await activateRow(own, id);
    expect(await actions(admin, id)).toEqual(['deactivate', 'force_confirm', 'cancel', 'reschedule']);
    await passUntilStart(world.db, id, MINUTE_MS);
    await joinSession(world.db, id, 'client', client.id);
    expect(await actions(client, id)).toEqual(['join', 'leave']);
    expect(await actions(therapist, id)).toEqual(['join', 'extend']);
    const done = await over(await fresh());
    expect((await read(admin, done)).body).toMatchObject({
      status: 'completed',
      hold: 'settled',
      outcome: { reason: 'duration_over', by: 'system' },
      allowedActions: [],
    });
  });

  test('while evidence is awaited it is deciding, and nothing can be done', async () => {
    const own = await fresh();
    const id = await booked(own);
    await passTime(world.db, id, 31 * MINUTE_MS);
    expect((await read(own.parties.client, id)).body).toMatchObject({
      status: 'scheduled',
      deciding: true,
      join: { code: 'deciding' },
      allowedActions: [],
    });
  });

  test('of a busy therapist names the other session to that therapist and admins only', async () => {
    const own = await fresh();
    const { client, therapist, admin } = own.parties;
    const held = await open(own, {});
    const other = await makeClient(world.db);
    await joinSession(world.db, held, 'therapist', therapist.id);
    const id = await activated({ ...own, parties: { ...own.parties, client: other } }, { inMs: 2 * DAY_MS });
    await world.db
      .updateTable('appointment')
      .set({ forcedAt: new Date(), status: 'confirmed' })
      .where('id', '=', id)
      .execute();
    expect((await read(therapist, id)).body['join']).toMatchObject({
      canJoin: false,
      code: 'therapist_busy',
      blockingAppointmentId: held,
    });
    expect((await read(other, id)).body['join']).toMatchObject({ canJoin: true, code: null });
    expect(JSON.stringify((await read(other, id)).body)).not.toContain(held);
    const verdict = await world.send(admin, `/v1/appointments/${id}/join`);
    expect(verdict.body).toMatchObject({
      canJoin: true,
      joinVerdicts: { client: { canJoin: true }, therapist: { code: 'therapist_busy', blockingAppointmentId: held } },
    });
    expect((await read(client, id)).status).toBe(404);
  });
});

describe('who sees what', () => {
  test('somebody else’s is not there; a therapist’s own not before it is activated, nor after that is taken back', async () => {
    const own = await fresh();
    const { client, therapist, admin } = own.parties;
    const id = await paid(own);
    const statuses = async () =>
      Promise.all(
        [client, therapist, admin, world.parties.client, world.parties.therapist].map(
          async (who) => (await read(who, id)).status,
        ),
      );
    expect(await statuses()).toEqual([200, 404, 200, 404, 404]);
    expect((await listed(therapist)).items).toEqual([]);
    await activateRow(own, id);
    expect(await statuses()).toEqual([200, 200, 200, 404, 404]);
    expect((await listed(therapist)).items).toMatchObject([{ id }]);
    await world.db.updateTable('appointment').set({ activatedAt: null }).where('id', '=', id).execute();
    expect(await statuses()).toEqual([200, 404, 200, 404, 404]);
    expect((await listed(world.parties.client)).items.map((item) => item.id)).not.toContain(id);
  });
});

describe('lists', () => {
  test('page by page in the order of starts, each once, also where starts are equal and rows come between', async () => {
    const own = await fresh();
    const { client, admin } = own.parties;
    const startsAt = Date.now() + 10 * DAY_MS;
    const ids: string[] = [];
    for (let index = 0; index < 7; index += 1) {
      const other = await makeParties(world.db);
      const parties = { ...other, therapist: other.therapist, client: await makeClient(world.db) };
      ids.push(await booked({ db: world.db, parties }, { startsAt: startsAt + Math.floor(index / 3) * MINUTE_MS }));
    }
    const seen: string[] = [];
    let cursor: string | null = null;
    let pages = 0;
    do {
      const page: Awaited<ReturnType<typeof listed>> = await listed(
        admin,
        `limit=2&from=${new Date(startsAt).toISOString()}&to=${new Date(startsAt + DAY_MS).toISOString()}${cursor === null ? '' : `&cursor=${cursor}`}`,
      );
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
      pages += 1;
      if (pages === 1)
        await booked({ db: world.db, parties: { ...own.parties, client } }, { startsAt: startsAt - MINUTE_MS });
    } while (cursor !== null);
    expect(pages).toBe(4);
    expect(seen.toSorted()).toEqual(ids.toSorted());
    expect(new Set(seen).size).toBe(7);
  });

  test('are filtered by the status of this moment, not by the committed one', async () => {
    const own = await fresh();
    const { client } = own.parties;
    const done = await over(own, {}, { commit: false });
    const another = { db: world.db, parties: { ...own.parties, therapist: (await makeParties(world.db)).therapist } };
    const confirmed = await open(another, { inMs: 2 * DAY_MS });
    const scheduled = await booked(own, { inMs: 4 * DAY_MS });
    const ids = async (query: string) => (await listed(client, query)).items.map(({ id, status }) => [id, status]);
    expect(await ids('status=confirmed')).toEqual([[confirmed, 'confirmed']]);
    expect(await ids('status=scheduled')).toEqual([[scheduled, 'scheduled']]);
    expect(await ids('status=completed')).toEqual([[done, 'completed']]);
    expect(await ids('status=in_progress')).toEqual([]);
    expect(await ids('status=completed&status=scheduled')).toEqual([
      [done, 'completed'],
      [scheduled, 'scheduled'],
    ]);
    await commitAppointment(world.db, done);
    expect(await ids('status=completed')).toEqual([[done, 'completed']]);
  });

  test('are filtered by what is needed, by time and by people', async () => {
    const own = await fresh();
    const { client, therapist, admin } = own.parties;
    const unpaid = await booked(own, { inMs: DAY_MS });
    const waiting = await paid(own, { inMs: 2 * DAY_MS });
    const approved = await activated(own, { inMs: 3 * DAY_MS });
    const ids = async (query: string, who = client) => (await listed(who, query)).items.map(({ id }) => id);
    expect(await ids('needs=payment')).toEqual([unpaid]);
    expect(await ids('needs=activation')).toEqual([waiting]);
    expect(await ids(`therapistId=${therapist.id}`, admin)).toEqual([unpaid, waiting, approved]);
    expect(await ids(`clientId=${client.id}&status=scheduled&needs=activation`, admin)).toEqual([waiting]);
    expect(await ids(`therapistId=${world.parties.therapist.id}`)).toEqual([]);
    const from = new Date(Date.now() + 1.5 * DAY_MS).toISOString();
    expect(await ids(`from=${from}`)).toEqual([waiting, approved]);
    expect(await ids(`to=${from}`)).toEqual([unpaid]);
    await passTime(world.db, unpaid, 31 * MINUTE_MS);
    expect(await ids('needs=payment')).toEqual([]);
  });
});

test('the timeline tells what happened, by whom, and what comes next', async () => {
  const own = await fresh();
  const { client, therapist, admin } = own.parties;
  const id = await activated(own);
  const { status, body } = await world.send(therapist, `/v1/appointments/${id}/timeline`);
  expect(status).toBe(200);
  const { entries, upcoming } = body as {
    entries: { kind: string; actor: object; at: string; due: string | null; detail: object }[];
    upcoming: { event: string; due: string; actor: object }[];
  };
  expect(entries.map(({ kind, actor }) => [kind, actor])).toEqual([
    ['booked', { role: 'client', id: client.id }],
    ['payment_settled', { role: 'client', id: client.id }],
    ['activate', { role: 'admin', id: admin.id }],
  ]);
  expect(entries.every(({ at }) => Math.abs(Date.parse(at) - Date.now()) < 60_000)).toBe(true);
  expect(upcoming.map(({ event }) => event)).toEqual(['reminder_due', 'opening_due']);
  expect(Date.parse(upcoming[1]!.due) - Date.parse(upcoming[0]!.due)).toBe(10 * MINUTE_MS);
  expect(upcoming[0]!.actor).toEqual({ role: 'system', id: null });
  expect((await world.send(world.parties.client, `/v1/appointments/${id}/timeline`)).status).toBe(404);
});
