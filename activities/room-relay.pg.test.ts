import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commitAppointment } from '../db/commit.js';
import { storeMessage } from '../db/messages.js';
import { payByWallet } from '../db/payment-requests.js';
import { claimRooms } from '../db/room-wishes.js';
import { readRoom } from '../db/rooms.js';
import { type Bench, startBench } from '../providers/test-sandbox.js';
import { bookAppointment, makeParties, MINUTE_MS, passUntilStart } from '../tests/support/appointments.js';
import { useTestDatabase } from '../tests/support/test-db.js';
import { relayRooms } from './room-relay.js';

const db = useTestDatabase();
let bench: Bench;
beforeAll(async () => {
  bench = await startBench();
});
afterAll(() => bench.close());

/** Approved and at T-5: its room is wanted. */
async function wanted() {
  const parties = await makeParties(db(), { wakeSpreadMs: 0 });
  const id = await bookAppointment(db(), parties);
  await payByWallet(db(), id);
  const actor = { role: 'admin', id: parties.admin.id } as const;
  await storeMessage(db(), { appointmentId: id, kind: 'activate', actor, signal: false });
  await commitAppointment(db(), id);
  await passUntilStart(db(), id, -5 * MINUTE_MS);
  await commitAppointment(db(), id);
  const { meetingId } = await db()
    .selectFrom('appointment')
    .where('id', '=', id)
    .select('meetingId')
    .executeTakeFirstOrThrow();
  return { id, meetingId };
}

const atVendor = (meetingId: string) =>
  bench.sandbox.control.rooms.list().flatMap((room) => (room.uniqueName === meetingId ? [room.status] : []));

/** Works off what is due now; what a dead relay had claimed is due again. */
async function relayAll(): Promise<void> {
  await db()
    .updateTable('room')
    .set({ nextAttemptAt: new Date(0) })
    .where('nextAttemptAt', 'is not', null)
    .execute();
  const { rooms } = bench.providers;
  const deps = { db: db(), rooms, publicUrl: 'https://api.example.test', log: pino({ level: 'silent' }) };
  while ((await relayRooms(deps)) > 0);
}

test('a relay that died between the vendor’s room and its note leaves none open when the appointment ends meanwhile', async () => {
  const { id, meetingId } = await wanted();
  expect((await claimRooms(db(), 10)).map(({ appointmentId }) => appointmentId)).toEqual([id]);
  await bench.providers.rooms.ensureRoom({ uniqueName: meetingId, mode: 'video', statusCallback: 'https://a.test/' });
  await passUntilStart(db(), id, 61 * MINUTE_MS);
  await commitAppointment(db(), id);
  await relayAll();
  expect(atVendor(meetingId)).toEqual(['completed']);
  expect(await readRoom(db(), id)).toMatchObject({ status: 'closed' });
});

test('a room that nobody tried to make is not made for an appointment that is over', async () => {
  const { id, meetingId } = await wanted();
  await passUntilStart(db(), id, 61 * MINUTE_MS);
  await commitAppointment(db(), id);
  await relayAll();
  expect(atVendor(meetingId)).toEqual([]);
  expect(await readRoom(db(), id)).toBeUndefined();
});
