import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commitAppointment } from '../db/commit.js';
import { erasePerson } from '../db/erasure.js';
import { checkLedger } from '../db/ledger-check.js';
import { writeNote } from '../db/notes.js';
import { writeReview } from '../db/reviews.js';
import { storeMessage } from '../db/messages.js';
import { makeParties } from '../tests/support/appointments.js';
import { makeClient } from '../tests/support/people.js';
import { activated, booked, paid } from './test-lives.js';
import { type ApiWorld, createApiWorld } from './test-world.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

const own = async () => ({ db: world.db, parties: await makeParties(world.db) });
type Own = Awaited<ReturnType<typeof own>>;

const by = (id: string) => ({ role: 'client' as const, id, requestId: randomUUID() });

/** A session that came to its end unattended, with a reason and a review: all of its money is back on the wallet. */
async function over(mine: Own): Promise<string> {
  const { client } = mine.parties;
  const id = await booked(mine);
  await storeMessage(world.db, {
    appointmentId: id,
    kind: 'cancel',
    actor: { role: 'client', id: client.id },
    payload: {
      reason: await writeNote(world.db, {
        id: randomUUID(),
        appointmentId: id,
        authorId: client.id,
        text: 'moved away',
      }),
    },
    signal: false,
  });
  await commitAppointment(world.db, id);
  await writeReview(world.db, id, { rating: 5, text: 'a good listener' });
  return id;
}

describe('export', () => {
  test('holds one’s own of every section in clear, and nobody else’s name or address', async () => {
    const mine = await own();
    const { client, therapist } = mine.parties;
    const id = await over(mine);
    const other = await own();
    await over(other);
    const { status, body } = await world.post(client, '/v1/me/export', undefined, 'export-1');
    expect(status).toBe(200);
    const { profile, sections, cutOff } = body as {
      profile: Record<string, unknown>;
      sections: Record<string, Record<string, unknown>[]>;
      cutOff: string[];
    };
    expect(profile).toMatchObject({ id: client.id, role: 'client', name: 'Test client', phone: '+15005550010' });
    expect(cutOff).toEqual([]);
    expect(Object.keys(sections).toSorted()).toEqual([
      'appointments',
      'audit',
      'ledger',
      'notes',
      'notifications',
      'payments',
      'refunds',
      'reviews',
      'sessions',
      'timeline',
    ]);
    expect(sections['appointments']).toMatchObject([{ id, therapistId: therapist.id, status: 'cancelled' }]);
    expect(sections['notes']).toMatchObject([{ text: 'moved away' }]);
    expect(sections['reviews']).toMatchObject([{ appointmentId: id, text: 'a good listener' }]);
    expect(sections['ledger']!.length).toBeGreaterThan(0);
    expect(sections['timeline']!.map(({ kind }) => kind)).toContain('booked');
    expect(sections['audit']).toMatchObject([{ action: 'export_self' }]);
    const text = JSON.stringify(body);
    for (const { id: strange } of Object.values(other.parties)) expect(text).not.toContain(strange);
    expect(text).not.toContain('Test therapist');
  });

  test('a repeat under the same key reads anew, and nothing of it is stored', async () => {
    const client = await makeClient(world.db);
    const [first, again] = [
      await world.post(client, '/v1/me/export', undefined, 'k'),
      await world.post(client, '/v1/me/export', undefined, 'k'),
    ];
    expect(again.body['profile']).toEqual(first.body['profile']);
    const stored = await world.db.selectFrom('idempotencyKey').where('caller', '=', client.id).selectAll().execute();
    expect(JSON.stringify(stored).length).toBeLessThan(1_000);
  });
});

describe('erasure', () => {
  test.each([
    ['an open appointment', booked],
    ['a paid one', paid],
    ['an approved one', activated],
  ])('with %s it is refused with what to do, and nothing is changed', async (_, make) => {
    const mine = await own();
    await make(mine);
    const before = await personOf(mine.parties.client.id);
    const answer = await world.post(mine.parties.client, '/v1/me/erasure');
    expect(answer).toMatchObject({
      status: 409,
      body: { code: 'erasure_open_appointments', remedy: expect.any(String) },
    });
    expect(await personOf(mine.parties.client.id)).toEqual(before);
  });

  const personOf = (id: string) =>
    world.db.selectFrom('person').where('id', '=', id).selectAll().executeTakeFirstOrThrow();

  test('with money on the wallet it is refused; a promotion’s credit lapses', async () => {
    const client = await makeClient(world.db);
    await sql`update wallet_lot set kind = 'top_up' where account like ${`%${client.id}%`}`.execute(world.db);
    expect(await world.post(client, '/v1/me/erasure')).toMatchObject({
      status: 409,
      body: { code: 'erasure_money_due' },
    });
    await sql`update wallet_lot set kind = 'promotion' where account like ${`%${client.id}%`}`.execute(world.db);
    expect((await world.post(client, '/v1/me/erasure')).status).toBe(200);
  });

  test('forgets who it was everywhere, keeps ledger and appointments, and lets nobody in any more', async () => {
    const mine = await own();
    const { client, admin } = mine.parties;
    const id = await over(mine);
    const entries = () => world.db.selectFrom('ledgerEntry').selectAll().orderBy('id').execute();
    const before = await entries();
    expect(await world.post(client, '/v1/me/erasure', undefined, 'gone')).toMatchObject({
      status: 200,
      body: { id: client.id, erased: true },
    });
    expect(await personOf(client.id)).toMatchObject({
      subject: `erased:${client.id}`,
      email: null,
      phone: null,
      emailIndex: null,
      phoneIndex: null,
      erasedAt: expect.any(Date),
    });
    expect(await world.send(client, '/v1/me')).toMatchObject({ status: 403, body: { code: 'unknown_person' } });
    expect(await entries()).toEqual(before);
    expect((await checkLedger(world.db)).every(({ ok }) => ok)).toBe(true);
    const { body } = await world.send(admin, `/v1/appointments/${id}`);
    expect(body).toMatchObject({ id, client: { id: client.id, name: 'Erased' }, status: 'cancelled' });
    const { body: told } = await world.send(admin, `/v1/appointments/${id}/timeline`);
    expect(JSON.stringify(told)).toContain('(erased)');
    expect(await world.db.selectFrom('note').where('appointmentId', '=', id).select('text').execute()).toEqual([
      { text: null },
    ]);
    expect(
      await world.db.selectFrom('review').where('appointmentId', '=', id).select(['rating', 'text']).execute(),
    ).toEqual([{ rating: 5, text: null }]);
    expect(await world.db.selectFrom('idempotencyKey').where('caller', '=', client.id).selectAll().execute()).toEqual(
      [],
    );
    const lines = await world.db.selectFrom('auditEntry').where('subjectId', '=', client.id).select('action').execute();
    expect(lines).toEqual([{ action: 'erased' }]);
  });

  test('a repeat, and ten at once, find it done', async () => {
    const client = await makeClient(world.db);
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, () => erasePerson(world.db, client.id, by(client.id))),
    );
    expect(new Set(outcomes)).toEqual(new Set(['erased']));
    const lines = await world.db.selectFrom('auditEntry').where('subjectId', '=', client.id).selectAll().execute();
    expect(lines).toHaveLength(1);
    expect(await erasePerson(world.db, randomUUID(), by(client.id))).toBe('unknown_person');
  });

  test('a therapist who earned is owed money first', async () => {
    const mine = await own();
    const { therapist } = mine.parties;
    const owed = {
      code: `therapist_payable:${therapist.id}:INR`,
      kind: 'therapist_payable',
      ownerId: therapist.id,
      currency: 'INR',
    };
    await world.db
      .insertInto('account')
      .values({ ...owed, balanceMinor: 5 })
      .execute();
    expect(await world.post(therapist, '/v1/me/erasure')).toMatchObject({
      status: 409,
      body: { code: 'erasure_money_due' },
    });
  });
});

describe('for operators', () => {
  test('an admin exports and erases by id; the log says so', async () => {
    const client = await makeClient(world.db);
    const { admin } = world.parties;
    const path = `/v1/admin/people/${client.id}`;
    expect((await world.post(admin, `${path}/export`)).body['profile']).toMatchObject({ id: client.id });
    expect((await world.post(admin, `${path}/erasure`)).body).toEqual({ id: client.id, erased: true });
    expect((await world.post(admin, `${path}/erasure`)).body).toEqual({ id: client.id, erased: true });
    expect((await world.post(admin, `${path}/export`)).status).toBe(404);
    const lines = await world.db
      .selectFrom('auditEntry')
      .where('objectId', '=', client.id)
      .select('action')
      .orderBy('id')
      .execute();
    expect(lines.map(({ action }) => action)).toEqual([
      'export_person',
      'erase_person',
      'erased',
      'erase_person',
      'export_person',
    ]);
  });
});
