import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { commitAppointment } from '../../db/commit.js';
import { payByWallet } from '../../db/payment-requests.js';
import {
  bookAppointment,
  DAY_MS,
  makeParties,
  MINUTE_MS,
  recordOf,
  tryBooking,
  type Parties,
} from '../support/appointments.js';
import { makeClient } from '../support/people.js';
import { brokenRules } from '../support/provider-books.js';
import { useTestDatabase } from '../support/test-db.js';

/** Stories of facts about who gets a slot and what a wallet pays, at the same moment. */

const db = useTestDatabase();
let parties: Parties;
beforeEach(async () => {
  parties = await makeParties(db(), { maxUnpaidBookings: 100 });
});

const answersOf = (answers: { booked: boolean; code?: string }[]) =>
  answers.map((answer) => (answer.booked ? 'booked' : answer.code)).toSorted((a, b) => (a! < b! ? -1 : 1));

function reschedule(id: string, startsAt: number) {
  const actor = { role: 'admin' as const, id: parties.admin.id };
  return commitAppointment(db(), id, { id: randomUUID(), kind: 'reschedule', actor, payload: { startsAt } });
}

describe('one slot', () => {
  test('ten clients book it at the same moment: one gets it (cal.com 13397, 29958; easyappointments 845)', async () => {
    const startsAt = (await recordOf(db(), await bookAppointment(db(), parties))).startsAt + DAY_MS;
    const clients = await Promise.all(Array.from({ length: 10 }, () => makeClient(db())));
    const answers = await Promise.all(
      clients.map((client) => tryBooking(db(), { client, therapist: parties.therapist }, { startsAt })),
    );
    expect(answersOf(answers)).toEqual(['booked', ...Array.from({ length: 9 }, () => 'slot_taken')]);
  });

  test('one books it while four others move theirs there: one has it, and no two bookings ever overlap (cal.com 29958)', async () => {
    const others = await Promise.all(
      [1, 2, 3, 4].map(async (day) => {
        const client = await makeClient(db());
        return bookAppointment(db(), { client, therapist: parties.therapist }, { inMs: day * DAY_MS });
      }),
    );
    const startsAt = (await recordOf(db(), others[3]!)).startsAt + 2 * DAY_MS;
    const [booked, ...moved] = await Promise.all([
      tryBooking(db(), parties, { startsAt: startsAt + 30 * MINUTE_MS }),
      ...others.map((id) => reschedule(id, startsAt)),
    ]);
    const got = [booked.booked, ...moved.map((answer) => answer?.decision?.ok)];
    expect(got.filter(Boolean)).toHaveLength(1);
    const live = await db()
      .selectFrom('appointment')
      .where('therapistId', '=', parties.therapist.id)
      .where('startsAt', '>=', new Date(startsAt - MINUTE_MS))
      .select('id')
      .execute();
    expect(live).toHaveLength(1);
  });

  test('two move into each other’s place: both stay or one moves, neither is lost (easyappointments 845)', async () => {
    const one = await bookAppointment(db(), parties, { inMs: 2 * DAY_MS });
    const client = await makeClient(db());
    const other = await bookAppointment(db(), { client, therapist: parties.therapist }, { inMs: 3 * DAY_MS });
    const [{ startsAt: here }, { startsAt: there }] = [await recordOf(db(), one), await recordOf(db(), other)];
    await Promise.all([reschedule(one, there), reschedule(other, here)]);
    expect((await recordOf(db(), one)).startsAt).toBe(here);
    expect((await recordOf(db(), other)).startsAt).toBe(there);
  });
});

test('a wallet of 100.00 pays one of eight sessions of 100.00 at the same moment (lilishop 145)', async () => {
  const client = await makeClient(db(), 10_000);
  const rates = JSON.stringify({ video: 10_000 });
  await db().updateTable('therapist').set({ rates }).where('id', '=', parties.therapist.id).execute();
  const ids: string[] = [];
  for (let day = 2; day < 10; day += 1)
    ids.push(await bookAppointment(db(), { client, therapist: parties.therapist }, { inMs: day * DAY_MS }));
  const answers = await Promise.allSettled(ids.map((id) => payByWallet(db(), id)));
  const refused = answers.flatMap((answer) =>
    answer.status === 'rejected' ? [(answer.reason as { code: string }).code] : [],
  );
  expect(refused).toEqual(Array.from({ length: 7 }, () => 'insufficient_funds'));
  const wallet = await db()
    .selectFrom('account')
    .where('ownerId', '=', client.id)
    .select(['balanceMinor', 'heldMinor'])
    .executeTakeFirst();
  expect(wallet).toEqual({ balanceMinor: 10_000, heldMinor: 10_000 });
  expect(await brokenRules(db())).toEqual([]);
});
