import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { commitAppointment } from '../db/commit.js';
import { databaseNow } from '../db/clock.js';
import { storeMessage } from '../db/messages.js';
import { beginNotifications, claimNotifications, finishNotifications, LINES } from '../db/notification-claims.js';
import { changePreferences } from '../db/notification-preferences.js';
import { payByWallet } from '../db/payment-requests.js';
import { phoneColumns } from '../db/people.js';
import type { NotificationKind } from '../domain/events.js';
import { type Bench, startBench } from '../providers/test-sandbox.js';
import {
  bookAppointment,
  makeParties,
  MINUTE_MS,
  type Parties,
  passUntilStart,
} from '../tests/support/appointments.js';
import { useTestDatabase } from '../tests/support/test-db.js';
import { deliver, readViews } from './notification-delivery.js';

/** What reaches somebody by what they have chosen, and by what their number and calendar take; a relay's own statements. */

const RELAY = 1;
const db = useTestDatabase();
let bench: Bench;
beforeAll(async () => {
  bench = await startBench();
});
afterAll(() => bench.close());

let parties: Parties;
let id: string;
beforeEach(async () => {
  await db().deleteFrom('notification').execute();
  await db()
    .deleteFrom('appointment')
    .execute()
    .catch(() => undefined);
  parties = await makeParties(db());
  bench.sandbox.control.reset();
  id = await bookAppointment(db(), parties);
});

/** Hands over all that is due, once. */
async function work(): Promise<void> {
  const claimed = await claimNotifications(db(), RELAY, LINES, 1_000);
  const begun = await beginNotifications(
    db(),
    RELAY,
    claimed.map((row) => row.id),
  );
  const { sms, mail } = bench.providers;
  const site = { brand: 'Punctual', webUrl: 'https://app.example.test' };
  const deps = { db: db(), sms, mail, mailDomain: 'punctual.test', site, log: pino({ level: 'silent' }) };
  await finishNotifications(db(), RELAY, await deliver(deps, begun, await readViews(deps, begun)));
}

const rowsOf = (kind: NotificationKind, channel?: 'email' | 'sms' | 'in_app') => {
  const rows = db()
    .selectFrom('notification')
    .where('appointmentId', '=', id)
    .where('kind', '=', kind)
    .select(['recipientRole', 'channel', 'status', 'error', 'template', 'nextAttemptAt', 'attempts']);
  return (channel === undefined ? rows : rows.where('channel', '=', channel)).orderBy('recipientRole').execute();
};
const clientsRow = async (kind: NotificationKind, channel: 'email' | 'sms' | 'in_app') =>
  (await rowsOf(kind, channel)).find(({ recipientRole }) => recipientRole === 'client');
const byClient = { role: 'client' as const, id: null };
async function happen(kind: 'cancel' | 'activate' | 'deactivate'): Promise<void> {
  const actor =
    kind === 'cancel' ? { ...byClient, id: parties.client.id } : { role: 'admin' as const, id: parties.admin.id };
  await storeMessage(db(), { appointmentId: id, kind, actor, signal: false });
  await commitAppointment(db(), id);
}
async function pay(): Promise<void> {
  await payByWallet(db(), id);
  await commitAppointment(db(), id);
}
const setPerson = (set: object) => db().updateTable('person').set(set).where('id', '=', parties.client.id).execute();
const mails = () =>
  bench.sandbox.control.mail().filter(({ to }) => to.includes(`${parties.client.subject}@example.test`));
const valueIn = (calendar: string, name: string) => new RegExp(`^${name}:(.*)$`, 'm').exec(calendar)?.[1]?.trim();

/** Local hours around this moment, in UTC, with the instant of their end. */
async function quietNow(): Promise<{ quietHours: { from: string; to: string }; until: number }> {
  const now = await databaseNow(db());
  const clockAt = (ms: number) => new Date(ms).toISOString().slice(11, 16);
  const until = Math.floor((now + 3 * 3_600_000) / MINUTE_MS) * MINUTE_MS;
  return { quietHours: { from: clockAt(now - 3_600_000), to: clockAt(until) }, until };
}

test('mail is HTML and text in the reader’s language, with an entry that is changed and taken out again', async () => {
  await setPerson({ locale: 'de-AT', timeZone: 'Europe/Vienna' });
  await work();
  await pay();
  await happen('activate');
  await work();
  await happen('cancel');
  await work();
  const [booked, paid, approved, cancelled] = mails();
  expect(mails().map(({ headers }) => headers['x-punctual-kind'])).toEqual([
    'booking_made',
    'payment_received',
    'approved',
    'cancelled',
  ]);
  expect(booked!.html).toContain('<html lang="de">');
  expect(booked!.text).toContain('ist gebucht');
  expect(booked!.subject).toMatch(/^Punctual: .*\(Europe\/Vienna\)$/);
  expect(paid!.calendars).toEqual([]);
  const calendars = [booked!, approved!, cancelled!].map((mail) => mail.calendars[0]!);
  expect(calendars.map((calendar) => valueIn(calendar, 'METHOD'))).toEqual(['REQUEST', 'REQUEST', 'CANCEL']);
  expect(calendars.map((calendar) => valueIn(calendar, 'UID'))).toEqual([id, id, id]);
  expect(calendars.map((calendar) => valueIn(calendar, 'STATUS'))).toEqual(['TENTATIVE', 'CONFIRMED', 'CANCELLED']);
  const sequences = calendars.map((calendar) => Number(valueIn(calendar, 'SEQUENCE')));
  expect(sequences).toEqual([...new Set(sequences)].toSorted((a, b) => a - b));
  expect(new Set(mails().map(({ messageId }) => messageId)).size).toBe(4);
});

test('an approval that is given again after it was taken back is told again', async () => {
  await pay();
  for (const kind of ['activate', 'deactivate', 'activate', 'activate'] as const) {
    await happen(kind);
    await work();
  }
  const kinds = mails().map(({ headers }) => headers['x-punctual-kind']);
  expect(kinds.filter((kind) => kind === 'approved')).toHaveLength(2);
  expect(new Set(mails().map(({ messageId }) => messageId)).size).toBe(kinds.length);
});

test('SMS goes to verified numbers only', async () => {
  await setPerson({ phoneVerifiedAt: null });
  await happen('cancel');
  await work();
  expect(await clientsRow('cancelled', 'sms')).toMatchObject({
    status: 'skipped',
    error: 'the telephone number is not verified',
  });
  expect(await clientsRow('cancelled', 'email')).toMatchObject({ status: 'sent' });
  expect(bench.sandbox.control.sms()).toEqual([]);
});

test('quiet hours hold back what can wait until their end, and no more than once', async () => {
  const { quietHours, until } = await quietNow();
  await changePreferences(db(), parties.client.id, { quietHours });
  await work();
  const waiting = await clientsRow('booking_made', 'email');
  expect(waiting).toMatchObject({ status: 'pending', error: 'quiet hours' });
  expect(Math.abs(waiting!.nextAttemptAt.getTime() - until)).toBeLessThan(2_000);
  expect(await clientsRow('booking_made', 'in_app')).toMatchObject({ status: 'sent' });
  expect(mails()).toEqual([]);
  // Their end has come.
  await changePreferences(db(), parties.client.id, { quietHours: null });
  await db()
    .updateTable('notification')
    .set({ nextAttemptAt: new Date(0) })
    .where('status', '=', 'pending')
    .execute();
  await work();
  expect(mails()).toHaveLength(1);
});

test('a cancellation voids what waits for the morning; it goes by mail at once itself, its SMS waits', async () => {
  const { quietHours, until } = await quietNow();
  await changePreferences(db(), parties.client.id, { quietHours });
  await work();
  await happen('cancel');
  await work();
  expect(mails().map(({ headers }) => headers['x-punctual-kind'])).toEqual(['cancelled']);
  const sms = await clientsRow('cancelled', 'sms');
  expect(sms).toMatchObject({ status: 'pending', error: 'quiet hours' });
  expect(Math.abs(sms!.nextAttemptAt.getTime() - until)).toBeLessThan(2_000);
  await db()
    .updateTable('notification')
    .set({ nextAttemptAt: new Date(0) })
    .where('status', '=', 'pending')
    .execute();
  await changePreferences(db(), parties.client.id, { quietHours: null });
  await work();
  expect(await clientsRow('booking_made', 'email')).toMatchObject({ status: 'skipped', error: 'lost its meaning' });
});

test('a reminder inside T-15 rings through quiet hours', async () => {
  await pay();
  await happen('activate');
  await passUntilStart(db(), id, -14 * MINUTE_MS);
  await commitAppointment(db(), id);
  await changePreferences(db(), parties.client.id, { quietHours: (await quietNow()).quietHours });
  await work();
  expect(await clientsRow('t15', 'sms')).toMatchObject({ status: 'sent', template: 'session_reminder' });
  expect(await clientsRow('t15', 'email')).toMatchObject({ status: 'sent' });
});

test('a number that has opted out at the vendor is asked no more, and what is essential goes by the mail that was off', async () => {
  await setPerson({ ...phoneColumns(db(), parties.client.id, '+15005550004'), phoneVerifiedAt: new Date() });
  await changePreferences(db(), parties.client.id, { channels: { changes: { email: false } } });
  await happen('cancel');
  await work(); // the mail is being decided upon beside it, and is not wanted
  expect(await clientsRow('cancelled', 'email')).toMatchObject({ status: 'skipped', error: 'not wanted' });
  const soon = { nextAttemptAt: new Date(0) };
  await db().updateTable('notification').set(soon).where('status', '=', 'pending').execute();
  await work();
  expect(await clientsRow('cancelled', 'sms')).toMatchObject({ status: 'skipped', error: 'opted out of SMS' });
  const { smsOptedOutAt } = await db()
    .selectFrom('person')
    .where('id', '=', parties.client.id)
    .select('smsOptedOutAt')
    .executeTakeFirstOrThrow();
  expect(smsOptedOutAt).not.toBeNull();
  await work();
  await work();
  expect(await clientsRow('cancelled', 'email')).toMatchObject({ status: 'sent' });
  expect(mails().filter(({ headers }) => headers['x-punctual-kind'] === 'cancelled')).toHaveLength(1);
});

test('admins are alerted once when a paid session is not activated at T-15', async () => {
  await pay();
  await work();
  await passUntilStart(db(), id, -14 * MINUTE_MS);
  await commitAppointment(db(), id);
  await work();
  await commitAppointment(db(), id);
  await work();
  const alerts = (await rowsOf('t15')).filter(({ recipientRole }) => recipientRole === 'admin');
  const own = alerts.filter(({ status }) => status === 'sent');
  expect(own.length).toBeGreaterThan(0);
  expect(new Set(own.map(({ template }) => template))).toEqual(new Set(['activation_alert']));
  const kinds = bench.sandbox.control
    .mail()
    .filter(({ to }) => to.includes(`${parties.admin.subject}@example.test`))
    .map(({ headers }) => headers['x-punctual-kind']);
  expect(kinds).toEqual(['activation_alert']);
  expect(await clientsRow('t15', 'email')).toMatchObject({ status: 'skipped' });
});

test('nobody is alerted, reminded or told anything but the cancellation of a session that was cancelled', async () => {
  await pay();
  await passUntilStart(db(), id, -14 * MINUTE_MS);
  await commitAppointment(db(), id); // its rows of T-15 are due now
  await happen('cancel');
  await work();
  const sent = await db()
    .selectFrom('notification')
    .where('appointmentId', '=', id)
    .where('status', '=', 'sent')
    .select('kind')
    .distinct()
    .execute();
  expect(sent).toEqual([{ kind: 'cancelled' }]);
});
