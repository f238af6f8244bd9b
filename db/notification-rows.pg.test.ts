import { expect, test } from 'vitest';
import type { NotificationKind } from '../domain/events.js';
import { bookAppointment, makeParties } from '../tests/support/appointments.js';
import { useTestDatabase } from '../tests/support/test-db.js';
import { loadAppointment } from './appointment-record.js';
import { writeNotifications } from './notification-rows.js';

const db = useTestDatabase();

async function appointment() {
  const id = await bookAppointment(db(), await makeParties(db()));
  const { record } = (await loadAppointment(db(), id))!;
  return {
    record,
    tell: (kind: NotificationKind, version = record.scheduleVersion) =>
      writeNotifications(
        db(),
        { ...record, scheduleVersion: version },
        { kind, to: ['client', 'therapist'], notBefore: 0 },
      ),
    set: (status: 'sent' | 'sending' | 'skipped') =>
      db().updateTable('notification').set({ status }).where('appointmentId', '=', id).execute(),
    rows: async (kind: NotificationKind) =>
      (
        await db()
          .selectFrom('notification')
          .where('appointmentId', '=', id)
          .where('kind', '=', kind)
          .where('recipientRole', '=', 'client')
          .where('channel', '=', 'email')
          .orderBy('scheduleVersion')
          .orderBy('occasion')
          .select(['scheduleVersion', 'occasion', 'status'])
          .execute()
      ).map(({ scheduleVersion, occasion, status }) => [scheduleVersion, occasion, status]),
  };
}

test.each(['sent', 'sending', 'skipped'] as const)(
  'what recurs is told again once the first telling is %s',
  async (status) => {
    const { tell, set, rows } = await appointment();
    await tell('extended');
    await set(status);
    await tell('extended');
    expect(await rows('extended')).toEqual([
      [1, 0, status],
      [1, 1, 'pending'],
    ]);
  },
);

test('while the first telling waits it says the second too', async () => {
  const { tell, rows } = await appointment();
  await tell('extended');
  await tell('extended');
  expect(await rows('extended')).toEqual([[1, 0, 'pending']]);
});

test('all else is told once, and again only at other times of the appointment', async () => {
  const { tell, set, rows } = await appointment();
  await tell('t15');
  await set('sent');
  await tell('t15');
  await tell('t15', 2);
  expect(await rows('t15')).toEqual([
    [1, 0, 'sent'],
    [2, 0, 'pending'],
  ]);
  await set('skipped');
  await tell('t15', 2);
  expect(await rows('t15')).toEqual([
    [1, 0, 'skipped'],
    [2, 0, 'pending'],
  ]);
});
