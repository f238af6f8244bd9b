import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import {
  bookAppointment,
  makeParties,
  MINUTE_MS,
  passTime,
  passUntilStart,
  recordOf,
  type Parties,
} from '../tests/support/appointments.js';
import { makeClient } from '../tests/support/people.js';
import { useTestDatabase } from '../tests/support/test-db.js';
import type { SessionMode } from '../domain/types.js';
import { joinSession, leaveSession } from './joins.js';
import { otherSession } from './leases.js';

const db = useTestDatabase();

interface Session {
  id: string;
  parties: Parties;
}

/** An approved appointment whose start is `ms` away (negative: gone by); nothing has been committed by the clock. */
async function approved(ms: number, parties?: Parties, sessionMode: SessionMode = 'video'): Promise<Session> {
  const those = parties ?? (await makeParties(db()));
  const id = await bookAppointment(db(), those, { sessionMode });
  const paid = { paidAt: sql<Date>`created_at`, activatedAt: sql<Date>`created_at` };
  await db().updateTable('appointment').set(paid).where('id', '=', id).execute();
  await passUntilStart(db(), id, -ms);
  return { id, parties: those };
}

/** Two sessions of one therapist that overlap in time, as an extension or a short buffer can make them: slots moved apart. */
async function twoOfOneTherapist(): Promise<[Session, Session]> {
  const first = await approved(-1_000);
  await db()
    .updateTable('appointment')
    .set({ slot: sql<string>`tstzrange(now() - interval '1 year', now() - interval '364 days')` })
    .where('id', '=', first.id)
    .execute();
  const client = await makeClient(db());
  return [first, await approved(-1_000, { ...first.parties, client })];
}

const joinAs = (who: 'client' | 'therapist', { id, parties }: Session) => joinSession(db(), id, who, parties[who].id);

describe('with nothing running', () => {
  test('at T-5 by PostgreSQL’s clock both are let in: attendance, message and answer', async () => {
    const session = await approved(5 * MINUTE_MS);
    const { messageId } = await joinAs('client', session);
    await joinAs('therapist', session);
    const record = await recordOf(db(), session.id);
    expect(record).toMatchObject({
      status: 'scheduled',
      client: { joinedAt: expect.any(Number), cameAt: null },
      therapist: { joinedAt: expect.any(Number) },
    });
    const message = await db().selectFrom('message').where('id', '=', messageId).selectAll().executeTakeFirstOrThrow();
    expect(message).toMatchObject({
      kind: 'join',
      actorRole: 'client',
      actorId: session.parties.client.id,
      handledAt: null,
      nextAttemptAt: expect.any(Date),
    });
    expect(message.receivedAt.getTime()).toBe(record.client.joinedAt);
  });

  test.each([
    ['too_early', 6 * MINUTE_MS],
    ['already_over', -60 * MINUTE_MS],
  ])('%s is told, and leaves nothing behind', async (code, ms) => {
    const session = await approved(ms);
    await expect(joinAs('client', session)).rejects.toMatchObject({ code });
    await expect(joinAs('therapist', session)).rejects.toMatchObject({ code });
    expect(await recordOf(db(), session.id)).toMatchObject({
      client: { joinedAt: null },
      therapist: { joinedAt: null },
    });
    expect(await db().selectFrom('message').where('appointmentId', '=', session.id).select('id').execute()).toEqual([]);
    expect(
      await db().selectFrom('therapistLease').where('appointmentId', '=', session.id).select('takenAt').execute(),
    ).toEqual([]);
  });

  test('unpaid, not approved, or not there at all: each says what is missing', async () => {
    const parties = await makeParties(db());
    const id = await bookAppointment(db(), parties);
    const session = { id, parties };
    await expect(joinAs('client', session)).rejects.toMatchObject({ code: 'payment_required' });
    await db().updateTable('appointment').set({ paidAt: new Date() }).where('id', '=', id).execute();
    await expect(joinAs('client', session)).rejects.toMatchObject({ code: 'awaiting_activation' });
    await expect(joinAs('client', { id: randomUUID(), parties })).rejects.toMatchObject({
      code: 'unknown_appointment',
    });
  });

  test('a join again keeps the first time', async () => {
    const session = await approved(1_000);
    await joinAs('client', session);
    const { client } = await recordOf(db(), session.id);
    await joinAs('client', session);
    expect((await recordOf(db(), session.id)).client).toEqual(client);
  });

  test('opening a chat is coming to it', async () => {
    const session = await approved(1_000, undefined, 'chat');
    await joinAs('client', session);
    const { client } = await recordOf(db(), session.id);
    expect(client.cameAt).toBe(client.joinedAt);
  });
});

describe('the therapist’s lease', () => {
  test('two sessions joined at the same moment: one wins, the other is refused and names it', async () => {
    const sessions = await twoOfOneTherapist();
    const answers = await Promise.allSettled(sessions.map((session) => joinAs('therapist', session)));
    const won = answers.findIndex(({ status }) => status === 'fulfilled');
    const lost = answers[1 - won]!;
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(lost).toMatchObject({
      reason: { code: 'therapist_busy', facts: { blockingAppointmentId: sessions[won]!.id } },
    });
    expect(await recordOf(db(), sessions[1 - won]!.id)).toMatchObject({ therapist: { joinedAt: null } });
    expect(await otherSession(db(), sessions[0].parties.therapist.id, sessions[1 - won]!.id)).toBe(sessions[won]!.id);
  });

  test('twenty times over, both at once: always one', async () => {
    const sessions = await twoOfOneTherapist();
    const answers = await Promise.allSettled(
      Array.from({ length: 20 }, (_, n) => joinAs('therapist', sessions[n % 2]!)),
    );
    const winners = new Set(answers.flatMap(({ status }, n) => (status === 'fulfilled' ? [n % 2] : [])));
    expect(winners.size).toBe(1);
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
  });

  test('the client is never kept out by it', async () => {
    const [one, two] = await twoOfOneTherapist();
    await joinAs('therapist', one);
    await joinAs('client', two);
  });

  test('it is taken over once its holder’s end has passed', async () => {
    const [one, two] = await twoOfOneTherapist();
    await joinAs('therapist', one);
    await passTime(db(), one.id, 60 * MINUTE_MS);
    await joinAs('therapist', two);
    expect(await otherSession(db(), one.parties.therapist.id, one.id)).toBe(two.id);
  });

  test('leaving before the start frees it, leaving after the start keeps it', async () => {
    const [one, two] = await twoOfOneTherapist();
    await joinAs('therapist', one);
    await leaveSession(db(), one.id, 'therapist', one.parties.therapist.id);
    await expect(joinAs('therapist', two)).rejects.toMatchObject({ code: 'therapist_busy' });
    await passTime(db(), one.id, -2 * MINUTE_MS);
    await leaveSession(db(), one.id, 'therapist', one.parties.therapist.id);
    await joinAs('therapist', two);
  });

  test('the client’s leaving never frees it', async () => {
    const session = await approved(2 * MINUTE_MS);
    await joinAs('therapist', session);
    await joinAs('client', session);
    await leaveSession(db(), session.id, 'client', session.parties.client.id);
    expect(await otherSession(db(), session.parties.therapist.id, randomUUID())).toBe(session.id);
  });
});

describe('leaving', () => {
  test('before one came is refused, and of what is over too', async () => {
    const session = await approved(1_000);
    await expect(leaveSession(db(), session.id, 'client', session.parties.client.id)).rejects.toMatchObject({
      code: 'not_started',
    });
    const over = await approved(1_000);
    await joinAs('client', over);
    await joinAs('therapist', over);
    await db()
      .updateTable('appointment')
      .set({ clientCameAt: sql`client_joined_at`, therapistCameAt: sql`client_joined_at` })
      .where('id', '=', over.id)
      .execute();
    await passTime(db(), over.id, 61 * MINUTE_MS);
    await expect(leaveSession(db(), over.id, 'client', over.parties.client.id)).rejects.toMatchObject({
      code: 'already_over',
    });
  });
});
