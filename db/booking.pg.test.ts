import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  bookAppointment,
  DAY_MS,
  makeParties,
  MINUTE_MS,
  passTime,
  recordOf,
  tryBooking,
} from '../tests/support/appointments.js';
import { makeClient, makePerson, makeTherapist } from '../tests/support/people.js';
import { useTestDatabase } from '../tests/support/test-db.js';
import { databaseNow } from './clock.js';
import { readTimeline } from './timeline.js';

const db = useTestDatabase();

const HOUR_MS = 60 * MINUTE_MS;
const refused = (code: string) => ({ booked: false, code });

async function clients(count: number): Promise<{ id: string; subject: string }[]> {
  return Promise.all(Array.from({ length: count }, () => makePerson(db(), 'client')));
}

test('a booking leaves its row, its deadlines, a timeline entry and the client’s notifications', async () => {
  const parties = await makeParties(db());
  const id = await bookAppointment(db(), parties);
  const record = await recordOf(db(), id);
  expect(record).toMatchObject({
    status: 'scheduled',
    priceMinor: 6_000,
    currency: 'INR',
    durationMinutes: 60,
    hold: 'none',
    remindedAt: null,
    openedAt: null,
  });
  expect(record.endsAt).toBe(record.startsAt + HOUR_MS);
  const row = await db().selectFrom('appointment').where('id', '=', id).selectAll().executeTakeFirstOrThrow();
  expect(row.payBy.getTime()).toBe(record.createdAt + 30 * MINUTE_MS);
  expect(row.remindAt.getTime()).toBe(record.startsAt - 15 * MINUTE_MS);
  expect(row.opensAt.getTime()).toBe(record.startsAt - 5 * MINUTE_MS);
  expect(row.activateBy.getTime()).toBe(record.startsAt + 10 * MINUTE_MS);
  expect(await readTimeline(db(), id)).toMatchObject([
    { kind: 'booked', actorRole: 'client', actorId: parties.client.id, detail: { status: 'scheduled' } },
  ]);
  const notifications = await db()
    .selectFrom('notification')
    .where('appointmentId', '=', id)
    .select(['kind', 'recipientId', 'channel'])
    .orderBy('channel')
    .execute();
  expect(notifications).toEqual(
    ['email', 'in_app'].map((channel) => ({ kind: 'booking_made', recipientId: parties.client.id, channel })),
  );
});

describe('one slot', () => {
  test('of twenty who ask at the same moment exactly one gets it', async () => {
    const { therapist } = await makeParties(db());
    const startsAt = (await databaseNow(db())) + DAY_MS;
    const results = await Promise.all(
      (await clients(20)).map((client) => tryBooking(db(), { client, therapist }, { startsAt })),
    );
    expect(results.filter(({ booked }) => booked)).toHaveLength(1);
    expect(results.filter(({ booked }) => !booked)).toEqual(Array.from({ length: 19 }, () => refused('slot_taken')));
    const rows = await db().selectFrom('appointment').where('therapistId', '=', therapist.id).select('id').execute();
    expect(rows).toHaveLength(1);
  });

  test('twenty starts that all overlap another: what is booked never does', async () => {
    const { therapist } = await makeParties(db());
    const base = (await databaseNow(db())) + DAY_MS;
    const results = await Promise.all(
      (await clients(20)).map((client, n) =>
        tryBooking(db(), { client, therapist }, { startsAt: base + n * 10 * MINUTE_MS }),
      ),
    );
    const starts = results
      .flatMap((result) => (result.booked ? [result.loaded.record.startsAt] : []))
      .sort((a, b) => a - b);
    expect(starts.length).toBeGreaterThanOrEqual(2);
    for (const [index, start] of starts.entries())
      if (index > 0) expect(start - starts[index - 1]!).toBeGreaterThanOrEqual(70 * MINUTE_MS);
  });

  test('the therapist’s buffer stays free to the minute, after the earlier and before the later', async () => {
    const { therapist } = await makeParties(db());
    const [one, two, three] = await clients(3);
    const startsAt = (await databaseNow(db())) + DAY_MS;
    await bookAppointment(db(), { client: one!, therapist }, { startsAt });
    const buffered = startsAt + 70 * MINUTE_MS;
    expect(await tryBooking(db(), { client: two!, therapist }, { startsAt: buffered - 1 })).toEqual(
      refused('slot_taken'),
    );
    expect(await tryBooking(db(), { client: two!, therapist }, { startsAt: buffered })).toMatchObject({ booked: true });
    expect(await tryBooking(db(), { client: three!, therapist }, { startsAt: startsAt - 70 * MINUTE_MS + 1 })).toEqual(
      refused('slot_taken'),
    );
    expect(
      await tryBooking(db(), { client: three!, therapist }, { startsAt: startsAt - 70 * MINUTE_MS }),
    ).toMatchObject({ booked: true });
  });

  test('an unpaid one whose expiry is not decided still holds it; one that ended does not', async () => {
    const parties = await makeParties(db());
    const id = await bookAppointment(db(), parties);
    await passTime(db(), id, 31 * MINUTE_MS);
    const { startsAt } = await recordOf(db(), id);
    const [other] = await clients(1);
    const again = () => tryBooking(db(), { client: other!, therapist: parties.therapist }, { startsAt });
    expect(await again()).toEqual(refused('slot_taken'));
    await db()
      .updateTable('appointment')
      .set({ status: 'expired', outcomeReason: 'payment' })
      .where('id', '=', id)
      .execute();
    expect(await again()).toMatchObject({ booked: true });
  });

  test('who is refused does not wait for a commit of the one that has it: each might wait for the other', async () => {
    const parties = await makeParties(db());
    const id = await bookAppointment(db(), parties);
    const { startsAt } = await recordOf(db(), id);
    const [other] = await clients(1);
    await db()
      .transaction()
      .execute(async (commit) => {
        await commit.updateTable('appointment').set({ status: 'confirmed' }).where('id', '=', id).execute();
        const asked = tryBooking(db(), { client: other!, therapist: parties.therapist }, { startsAt });
        expect(await asked).toEqual(refused('slot_taken'));
      });
  });
});

describe('one client', () => {
  test('cannot be at two therapists at once, and can go from one to the next', async () => {
    const { client, therapist } = await makeParties(db());
    const other = await makeTherapist(db(), { minuteMs: MINUTE_MS });
    const startsAt = (await databaseNow(db())) + DAY_MS;
    await bookAppointment(db(), { client, therapist }, { startsAt });
    expect(await tryBooking(db(), { client, therapist: other }, { startsAt: startsAt + HOUR_MS - 1 })).toEqual(
      refused('own_overlap'),
    );
    expect(await tryBooking(db(), { client, therapist: other }, { startsAt: startsAt + HOUR_MS })).toMatchObject({
      booked: true,
    });
  });

  test('has at most two unpaid bookings, also when asking for five at once', async () => {
    const { client, therapist } = await makeParties(db());
    const results = await Promise.all(
      [1, 2, 3, 4, 5].map((day) => tryBooking(db(), { client, therapist }, { inMs: day * DAY_MS })),
    );
    expect(results.filter(({ booked }) => booked)).toHaveLength(2);
    expect(results.filter(({ booked }) => !booked)).toEqual(
      Array.from({ length: 3 }, () => refused('too_many_unpaid')),
    );
  });

  test('may book again once one of two is paid, or its window is over', async () => {
    const { client, therapist } = await makeParties(db());
    const ids = await Promise.all(
      [1, 2].map((day) => bookAppointment(db(), { client, therapist }, { inMs: day * DAY_MS })),
    );
    await db().updateTable('appointment').set({ paidAt: new Date() }).where('id', '=', ids[0]!).execute();
    await bookAppointment(db(), { client, therapist }, { inMs: 3 * DAY_MS });
    expect(await tryBooking(db(), { client, therapist }, { inMs: 4 * DAY_MS })).toEqual(refused('too_many_unpaid'));
    await passTime(db(), ids[1]!, 31 * MINUTE_MS);
    expect(await tryBooking(db(), { client, therapist }, { inMs: 4 * DAY_MS })).toMatchObject({ booked: true });
  });
});

test.each([
  [16, { remindedAt: null, openedAt: null }],
  [14, { remindedAt: expect.any(Number), openedAt: null }],
  [3, { remindedAt: expect.any(Number), openedAt: expect.any(Number) }],
])('booked %i minutes before the start, elapsed deadlines are skipped', async (minutes, stamps) => {
  const parties = await makeParties(db());
  const record = await recordOf(db(), await bookAppointment(db(), parties, { inMs: minutes * MINUTE_MS }));
  expect(record).toMatchObject(stamps);
});

test('a booking that comes too late, for nobody, or for what is not offered is refused', async () => {
  const parties = await makeParties(db());
  expect(await tryBooking(db(), parties, { inMs: -1 })).toEqual(refused('too_late'));
  expect(await tryBooking(db(), parties, { durationMinutes: 45 })).toEqual(refused('duration_not_offered'));
  expect(await tryBooking(db(), parties, { therapistId: randomUUID() })).toEqual(refused('unknown_therapist'));
  await db()
    .updateTable('therapist')
    .set({ rates: JSON.stringify({ chat: 6_000 }) })
    .where('id', '=', parties.therapist.id)
    .execute();
  expect(await tryBooking(db(), parties)).toEqual(refused('duration_not_offered'));
  await db()
    .updateTable('therapist')
    .set({ weeklyHours: JSON.stringify({}) })
    .where('id', '=', parties.therapist.id)
    .execute();
  expect(await tryBooking(db(), parties, { sessionMode: 'chat' })).toEqual(refused('outside_hours'));
  expect(await db().selectFrom('appointment').where('clientId', '=', parties.client.id).select('id').execute()).toEqual(
    [],
  );
});

test('the price is the therapist’s rate for the mode by the minute, and stays when the rate changes', async () => {
  const parties = await makeParties(db());
  await db()
    .updateTable('therapist')
    .set({ rates: JSON.stringify({ video: 10_001, chat: 3_000 }) })
    .where('id', '=', parties.therapist.id)
    .execute();
  const video = await bookAppointment(db(), parties, { durationMinutes: 30 });
  const chat = await bookAppointment(db(), parties, { sessionMode: 'chat', durationMinutes: 20, inMs: 2 * DAY_MS });
  await db()
    .updateTable('therapist')
    .set({ rates: JSON.stringify({ video: 1, chat: 1 }) })
    .where('id', '=', parties.therapist.id)
    .execute();
  expect(await recordOf(db(), video)).toMatchObject({ priceMinor: 5_001 });
  expect(await recordOf(db(), chat)).toMatchObject({ priceMinor: 1_000 });
});

test('a repeat of an id gets the row that is there, ten at once too', async () => {
  const client = await makeClient(db());
  const therapist = await makeTherapist(db(), { minuteMs: MINUTE_MS });
  const appointmentId = randomUUID();
  const results = await Promise.all(
    Array.from({ length: 10 }, () => tryBooking(db(), { client, therapist }, { appointmentId })),
  );
  expect(results.map((result) => result.booked && result.loaded.record.id)).toEqual(
    Array.from({ length: 10 }, () => appointmentId),
  );
  expect(await readTimeline(db(), appointmentId)).toHaveLength(1);
});
