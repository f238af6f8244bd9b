import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeParties } from '../tests/support/appointments.js';
import { makeClient, makePerson } from '../tests/support/people.js';
import { activated, booked } from './test-lives.js';
import { type ApiWorld, createApiWorld } from './test-world.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

interface Line {
  at: string;
  actor: { role: string; id: string | null };
  action: string;
  object: { type: string; id: string | null };
  requestId: string | null;
}

async function linesOf(query: string): Promise<Line[]> {
  const { admin } = world.parties;
  const lines: Line[] = [];
  let cursor = '';
  do {
    const { status, body } = await world.send(admin, `/v1/admin/audit?${query}${cursor}`);
    expect(status).toBe(200);
    lines.push(...(body['items'] as Line[]));
    const next = body['nextCursor'] as string | null;
    cursor = next === null ? '' : `&cursor=${next}`;
  } while (cursor !== '');
  return lines;
}

const entries = () => world.db.selectFrom('auditEntry').selectAll().orderBy('id').execute();

describe('reads', () => {
  test('an admin’s look at an appointment is a line with the request’s id; the parties’ own looks are none', async () => {
    const { client, therapist, admin } = world.parties;
    const id = await activated(world);
    const before = (await entries()).length;
    for (const person of [client, therapist])
      expect((await world.send(person, `/v1/appointments/${id}`)).status).toBe(200);
    expect((await world.send(client, '/v1/appointments')).status).toBe(200);
    expect(await entries()).toHaveLength(before);
    const headers = { 'x-request-id': 'looked-up' };
    expect((await world.send(admin, `/v1/appointments/${id}`, { headers })).status).toBe(200);
    expect((await linesOf(`actorId=${admin.id}&objectId=${id}&action=read`))[0]).toEqual({
      at: expect.any(String),
      actor: { role: 'admin', id: admin.id },
      action: 'read',
      object: { type: 'appointment', id },
      requestId: 'looked-up',
    });
  });

  test('a list is a line for each appointment in it', async () => {
    const own = { db: world.db, parties: await makeParties(world.db) };
    const id = await booked(own);
    const { body } = await world.send(own.parties.admin, `/v1/appointments?clientId=${own.parties.client.id}`);
    expect(body['items']).toHaveLength(1);
    const lines = await linesOf(`actorId=${own.parties.admin.id}`);
    expect(lines.map(({ action, object }) => [action, object.type, object.id])).toEqual([['read', 'appointment', id]]);
  });

  test('what was not shown is no look', async () => {
    const admin = await makePerson(world.db, 'admin');
    expect((await world.send(admin, `/v1/appointments/${randomUUID()}`)).status).toBe(404);
    expect(await linesOf(`actorId=${admin.id}`)).toEqual([]);
  });
});

describe('changes', () => {
  test('of appointments come from the timeline, all others were written down before they were begun', async () => {
    const own = { db: world.db, parties: await makeParties(world.db) };
    const { client, therapist, admin } = own.parties;
    const id = await activated(own);
    expect((await world.send(therapist, '/v1/me', { method: 'PATCH', body: { locale: 'de' } })).status).toBe(200);
    const done = (lines: Line[]) => lines.map(({ action, object }) => `${action} ${object.type}`);
    expect(done(await linesOf(`actorId=${client.id}`))).toEqual(['payment_settled appointment', 'booked appointment']);
    expect(done(await linesOf(`actorId=${therapist.id}`))).toEqual(['change_self me']);
    expect(done(await linesOf(`actorId=${admin.id}&objectType=appointment`))).toEqual(['activate appointment']);
    expect((await linesOf(`objectId=${id}&limit=1`)).length).toBeGreaterThan(1);
  });

  test('pages hold each line once, the newest first, whichever half it is from', async () => {
    // Looking at the log is itself a line of it.
    const others = async (query: string) => (await linesOf(query)).filter(({ object }) => object.type !== 'audit');
    const lines = await others('limit=3');
    expect(lines.length).toBeGreaterThan(8);
    expect(new Set(lines.map(({ requestId }) => requestId === null)).size).toBe(2);
    expect(lines).toEqual(await others('limit=200'));
  });

  test('one that can’t be written down is not made, and a look that can’t is not shown', async () => {
    const { admin } = world.parties;
    const client = await makeClient(world.db);
    const id = await booked({ db: world.db, parties: await makeParties(world.db) });
    await sql`alter table audit_entry add constraint nothing_more check (false) not valid`.execute(world.db);
    try {
      const patch = await world.send(client, '/v1/me', { method: 'PATCH', body: { locale: 'fr' }, broken: true });
      expect(patch.status).toBeGreaterThanOrEqual(500);
      expect((await world.send(client, '/v1/me')).body['locale']).not.toBe('fr');
      const look = await world.send(admin, `/v1/appointments/${id}`, { broken: true });
      expect(look.status).toBeGreaterThanOrEqual(500);
      expect(JSON.stringify(look.body)).not.toContain('startsAt');
    } finally {
      await sql`alter table audit_entry drop constraint nothing_more`.execute(world.db);
    }
  });
});

test.each([
  ['an update', sql`update audit_entry set action = 'nothing'`],
  ['a delete', sql`delete from audit_entry`],
  ['a truncate', sql`truncate audit_entry`],
  ['an update of a timeline', sql`update timeline_entry set kind = 'nothing'`],
  ['a delete of a timeline', sql`delete from timeline_entry`],
])('the log refuses %s', async (_, statement) => {
  await expect(statement.execute(world.db)).rejects.toThrow(/append-only|permission denied/);
});
