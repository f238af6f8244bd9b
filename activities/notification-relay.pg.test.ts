import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { phoneColumns } from '../db/people.js';
import { RelaySession } from '../db/relay-session.js';
import type { NotificationKind } from '../domain/events.js';
import type { Channel } from '../domain/notifications.js';
import { type Bench, startBench } from '../providers/test-sandbox.js';
import { bookAppointment, makeParties, type Parties } from '../tests/support/appointments.js';
import { until } from '../tests/support/steps.js';
import { useTestDatabase } from '../tests/support/test-db.js';
import { Backlog } from './backlog.js';
import { CLAIM_BATCH, NotificationRelay } from './notification-relay.js';

const db = useTestDatabase();
let bench: Bench;
let session: RelaySession;
let relay: NotificationRelay;
let parties: Parties;
let id: string;
let backlog: Backlog;

beforeAll(async () => {
  bench = await startBench();
  session = await RelaySession.open(db.url());
});
beforeEach(async () => {
  bench.sandbox.control.reset();
  parties = await makeParties(db());
  await db()
    .updateTable('person')
    .set({ ...phoneColumns(db(), parties.client.id, '+919812345678'), phoneVerifiedAt: new Date() })
    .where('id', '=', parties.client.id)
    .execute();
  id = await bookAppointment(db(), parties);
  await db().deleteFrom('notification').execute();
  const { sms, mail } = bench.providers;
  const site = { brand: 'Punctual', webUrl: 'https://app.example.test' };
  const log = pino({ level: 'silent' });
  backlog = new Backlog();
  relay = new NotificationRelay({ db: db(), session, backlog, sms, mail, mailDomain: 'punctual.test', site, log });
});
afterAll(async () => {
  await session.close();
  await bench.close();
});

/** `count` rows of one channel, due now: of a kind that keeps its meaning, by default one that goes by every channel. */
async function due(channel: Channel, count = 1, kind: NotificationKind = 'rescheduled'): Promise<void> {
  const rows = Array.from({ length: count }, (_, occasion) => ({
    appointmentId: id,
    scheduleVersion: 1,
    kind,
    recipientId: parties.client.id,
    recipientRole: 'client' as const,
    channel,
    notBefore: new Date(Date.now() - 1_000),
    nextAttemptAt: new Date(Date.now() - 1_000),
    occasion,
  }));
  await db().insertInto('notification').values(rows).execute();
}

async function statuses(): Promise<Record<string, number>> {
  const rows = await db().selectFrom('notification').select(['channel', 'status']).execute();
  const counts: Record<string, number> = {};
  for (const { channel, status } of rows) counts[`${channel} ${status}`] = (counts[`${channel} ${status}`] ?? 0) + 1;
  return counts;
}

test('what little is due begins together, and a vendor that is slow holds up its own line alone', async () => {
  bench.sandbox.control.addFault({ provider: 'twilio', kind: 'latency', ms: 3_000, times: 1 });
  for (const channel of ['email', 'sms', 'in_app'] as const) await due(channel);
  expect(await relay.claim()).toBe(3);
  await until('the others are written down', async () => (await statuses())['in_app sent'] === 1);
  await until('the others are written down', async () => (await statuses())['email sent'] === 1);
  expect(await statuses()).toMatchObject({ 'sms sending': 1 });

  await db().deleteFrom('notification').where('channel', '=', 'email').execute();
  await due('email');
  expect(await relay.claim()).toBe(1);
  await until('a later mail does not wait', async () => (await statuses())['email sent'] === 1);
  expect(await statuses()).toMatchObject({ 'sms sending': 1 });
  await relay.stop();
  expect(await statuses()).toEqual({ 'sms sent': 1, 'email sent': 1, 'in_app sent': 1 });
});

test('a herd is claimed at once, and each notice is handed over once', async () => {
  await due('email', 100);
  await due('sms', 950);
  await due('in_app', 50);
  let claimed = await relay.claim();
  expect(claimed).toBeGreaterThanOrEqual(1_000);
  if (claimed >= CLAIM_BATCH) claimed += await relay.claim();
  expect(claimed).toBe(1_100);
  const isSent = async () => {
    const now = await statuses();
    return now['email sent'] === 100 && now['sms sent'] === 950 && now['in_app sent'] === 50;
  };
  await until('all are sent', isSent, 30_000);
  expect(bench.sandbox.control.mail()).toHaveLength(100);
  expect(bench.sandbox.control.sms()).toHaveLength(950);
  const attempts = await db().selectFrom('notification').select('attempts').distinct().execute();
  expect(attempts).toEqual([{ attempts: 1 }]);
  await relay.stop();
});

test('while the worker is behind with deadlines, mails of what is over wait, and no others', async () => {
  backlog.note(1_001);
  await due('email', 1, 'completed');
  for (const channel of ['email', 'sms', 'in_app'] as const) await due(channel);
  expect(await relay.claim()).toBeGreaterThanOrEqual(2);
  await until('others are sent', async () => {
    await relay.claim();
    const now = await statuses();
    return now['email sent'] === 1 && now['sms sent'] === 1 && now['in_app sent'] === 1;
  });
  expect(await statuses()).toMatchObject({ 'email pending': 1 });
  await until('it has caught up', async () => !backlog.isBehind);
  await until('the last is sent', async () => {
    await relay.claim();
    return (await statuses())['email sent'] === 2;
  });
  await relay.stop();
});
