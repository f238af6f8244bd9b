import { commitAppointment } from '../db/commit.js';
import { payByWallet } from '../db/payment-requests.js';
import { storeMessage } from '../db/messages.js';
import { recordConnections, roomIdentity } from '../db/rooms.js';
import { databaseNow } from '../db/clock.js';
import { bookAppointment, MINUTE_MS, type Parties, passUntilStart } from '../tests/support/appointments.js';
import type { ApiWorld } from './test-world.js';

/** For tests only: appointments brought to where a test begins, by the commits that a worker would make. */

type World = Pick<ApiWorld, 'db' | 'parties'>;
type Wish = Parameters<typeof bookAppointment>[2];

export function booked({ db, parties }: World, wish: Wish = {}): Promise<string> {
  return bookAppointment(db, parties, wish);
}

/** Paid from the wallet and worked off. */
export async function paid(world: World, wish: Wish = {}): Promise<string> {
  const id = await booked(world, wish);
  await payByWallet(world.db, id);
  await commitAppointment(world.db, id);
  return id;
}

export async function activateRow({ db, parties }: World, id: string): Promise<void> {
  await storeMessage(db, {
    appointmentId: id,
    kind: 'activate',
    actor: { role: 'admin', id: parties.admin.id },
    signal: false,
  });
  await commitAppointment(db, id);
}

/** Paid and approved. */
export async function activated(world: World, wish: Wish = {}): Promise<string> {
  const id = await paid(world, wish);
  await activateRow(world, id);
  return id;
}

/** Approved, and two minutes before its start: Join is open by the clock, no commit has come to it. */
export async function open(world: World, wish: Wish = {}): Promise<string> {
  const id = await activated(world, wish);
  await passUntilStart(world.db, id, -2 * MINUTE_MS);
  return id;
}

/** Both came, and the end has passed; committed unless said otherwise. */
export async function over(world: World, wish: Wish = {}, { commit = true } = {}): Promise<string> {
  const { db } = world;
  const id = await open(world, wish);
  const now = new Date(await databaseNow(db));
  for (const participant of ['client', 'therapist'] as const) {
    const column = participant === 'client' ? 'clientJoinedAt' : 'therapistJoinedAt';
    await db
      .updateTable('appointment')
      .set({ [column]: now })
      .where('id', '=', id)
      .execute();
    const connection = {
      participantSid: `PA-${participant}-${id}`,
      participant,
      identity: roomIdentity(participant, 'x'),
      connectedAt: now,
      disconnectedAt: null,
    };
    await recordConnections(db, id, [connection]);
  }
  await passUntilStart(db, id, 61 * MINUTE_MS);
  if (commit) await commitAppointment(db, id);
  return id;
}

export type { Parties };
