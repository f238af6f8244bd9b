import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { bookAppointment, makeParties } from '../tests/support/appointments.js';
import { useTestDatabase } from '../tests/support/test-db.js';
import { commitAppointment } from './commit.js';
import { pruneEvents, readNewEvents, readPlace } from './live-events.js';
import { payByWallet } from './payment-requests.js';

const db = useTestDatabase();

test('each event is in exactly one of successive readings', async () => {
  const parties = await makeParties(db());
  const start = await readPlace(db());
  const id = await bookAppointment(db(), parties);
  const first = await readNewEvents(db(), start.snapshot);
  expect(first.events.map(({ kind, changes }) => [kind, changes])).toEqual([['appointment', ['booked']]]);
  await payByWallet(db(), id);
  await commitAppointment(db(), id);
  const second = await readNewEvents(db(), first.snapshot);
  expect(second.events.filter(({ kind }) => kind === 'appointment').map(({ changes }) => changes)).toEqual([['paid']]);
  expect((await readNewEvents(db(), second.snapshot)).events).toEqual([]);
});

test('what is rolled back never happened', async () => {
  const parties = await makeParties(db());
  const id = await bookAppointment(db(), parties);
  const start = await readPlace(db());
  await db()
    .transaction()
    .execute(async (trx) => {
      await sql`update appointment set paid_at = clock_timestamp() where id = ${id}`.execute(trx);
      throw new Error('on purpose');
    })
    .catch(() => undefined);
  expect((await readNewEvents(db(), start.snapshot)).events).toEqual([]);
});

test('events older than a day go, but none that has not been fanned out', async () => {
  const parties = await makeParties(db());
  await sql`delete from live_event`.execute(db());
  await bookAppointment(db(), parties);
  await sql`update live_event set at = at - interval '25 hours'`.execute(db());
  expect(await pruneEvents(db())).toBe(0);
  await sql`update webhook_position set snapshot = pg_current_snapshot()::text`.execute(db());
  await bookAppointment(db(), await makeParties(db()));
  expect(await pruneEvents(db())).toBe(1);
  const { rows } = await sql`select from live_event`.execute(db());
  expect(rows).toHaveLength(1);
});
