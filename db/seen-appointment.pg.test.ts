import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  bookAppointment,
  makeParties,
  passUntilStart,
  MINUTE_MS,
  type Parties,
} from '../tests/support/appointments.js';
import { arriveByCard, complete, paidByCard } from '../tests/support/card-payments.js';
import { useTestDatabase } from '../tests/support/test-db.js';
import { loadAppointment } from './appointment-record.js';
import { commitAppointment } from './commit.js';
import { joinSession } from './joins.js';
import { listAppointments, readAppointment } from './lists.js';
import { storeMessage } from './messages.js';
import { payByWallet, startProviderPayment } from './payment-requests.js';

const db = useTestDatabase();
let parties: Parties;
beforeEach(async () => {
  parties = await makeParties(db());
});

const all = { statuses: [], needs: null, from: null, to: null, therapistId: null, clientId: null };
const activate = (id: string) =>
  storeMessage(db(), {
    appointmentId: id,
    kind: 'activate',
    actor: { role: 'admin', id: parties.admin.id },
    signal: false,
  });

/** Lives brought to where each column that a reader sees is filled in some of them. */
const LIVES: Record<string, (id: string) => Promise<unknown>> = {
  booked: async () => undefined,
  'trying to pay': (id) => startProviderPayment(db(), id, 'stripe'),
  'paid, not worked off': (id) => arriveByCard(db(), id, 'razorpay'),
  'paid from the wallet': async (id) => {
    await payByWallet(db(), id);
    await commitAppointment(db(), id);
  },
  'activation not worked off': async (id) => {
    await paidByCard(db(), id);
    await activate(id);
  },
  joined: async (id) => {
    await paidByCard(db(), id);
    await activate(id);
    await commitAppointment(db(), id);
    await passUntilStart(db(), id, -2 * MINUTE_MS);
    await joinSession(db(), id, 'client', parties.client.id);
  },
  completed: async (id) => {
    await paidByCard(db(), id);
    await complete(db(), parties, id);
  },
};

describe('what readers are shown is what commits decide by', () => {
  test.each(Object.keys(LIVES))('%s', async (life) => {
    const id = await bookAppointment(db(), parties);
    await LIVES[life]!(id);
    const loaded = (await loadAppointment(db(), id))!;
    const seen = (await readAppointment(db(), { role: 'admin', id: parties.admin.id }, id))!;
    expect(seen.record).toEqual(loaded.record);
    const { meetingId, meetingLink, updatedAt } = loaded.row;
    expect(seen).toMatchObject({ meetingId, meetingLink, updatedAt: updatedAt.getTime(), clientName: 'Test client' });
    expect(seen.now - loaded.now).toBeLessThan(10_000);
    const at = seen.now;
    const listed = await listAppointments(db(), { role: 'client', id: parties.client.id }, all, {
      at,
      limit: 50,
      after: null,
    });
    expect(listed.find(({ record }) => record.id === id)?.record).toEqual(loaded.record);
  });
});

test('a price that no number holds is an error, never a rounded one', async () => {
  const id = await bookAppointment(db(), parties);
  await sql`update appointment set price_minor = 9007199254740993 where id = ${id}`.execute(db());
  await expect(readAppointment(db(), { role: 'admin', id: '' }, id)).rejects.toThrow(RangeError);
});
