import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  bookAppointment,
  makeParties,
  MINUTE_MS,
  passTime,
  recordOf,
  type Parties,
} from '../tests/support/appointments.js';
import { makePerson } from '../tests/support/people.js';
import { useTestDatabase } from '../tests/support/test-db.js';
import { NOTIFICATION_KINDS, type NotificationKind } from '../domain/events.js';
import { LOSES_MEANING } from '../domain/notifications.js';
import { decryptField } from './field-encryption.js';
import { databaseNow } from './clock.js';
import { commitAppointment } from './commit.js';
import {
  beginNotifications,
  claimNotifications,
  finishNotifications,
  freeNotificationsOfDeadRelays,
  lineOf,
  LINES,
  type BegunNotification,
} from './notification-claims.js';
import { RelaySession } from './relay-session.js';
import { type Notification, voidUnsent, writeNotifications } from './notification-rows.js';

const db = useTestDatabase();

let parties: Parties;
let id: string;
beforeEach(async () => {
  parties = await makeParties(db());
  id = await bookAppointment(db(), parties);
  await db().deleteFrom('notification').execute(); // only what a test writes is claimed
});

/** Writes a kind, by default for the client, due in `inMs`. */
async function write(kind: NotificationKind, inMs = 0, to: Notification['to'] = ['client']): Promise<void> {
  await writeNotifications(db(), await recordOf(db(), id), {
    kind,
    to,
    notBefore: (await databaseNow(db())) + inMs,
  });
}

/** Once PostgreSQL has noticed that the connection is gone. */
async function free(): Promise<number> {
  for (let tries = 0; tries < 50; tries += 1) {
    const freed = await freeNotificationsOfDeadRelays(db());
    if (freed > 0) return freed;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return 0;
}

const rows = () => db().selectFrom('notification').selectAll().orderBy('id').execute();
const statuses = async () => [...new Set((await rows()).map(({ status }) => status))];

let relay: RelaySession;
beforeEach(async () => {
  relay = await RelaySession.open(db.url());
});
afterEach(() => relay.close());

/** Claims and begins, as a relay does. */
async function claim(limit: number): Promise<BegunNotification[]> {
  const claimed = await claimNotifications(db(), relay.id, LINES, limit);
  const begun = await beginNotifications(
    db(),
    relay.id,
    claimed.map((one) => one.id),
  );
  return begun.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

async function claimOne(): Promise<BegunNotification> {
  const [claimed] = await claim(1);
  if (claimed === undefined) throw new Error('nothing was claimed');
  return claimed;
}

describe('claiming', () => {
  test('what a claim brings is enough to send it', async () => {
    await write('booking_made');
    const claimed = await claim(10);
    expect(claimed.map(({ channel }) => channel).sort()).toEqual(['email', 'in_app']);
    expect(claimed[0]).toMatchObject({
      appointmentId: id,
      kind: 'booking_made',
      recipientRole: 'client',
      recipientId: parties.client.id,
      attempts: 1,
      triedAt: null,
      locale: 'en',
      timeZone: 'UTC',
    });
    expect(decryptField(db(), 'person.name', parties.client.id, claimed[0]!.name)).toBe('Test client');
  });

  test('relays that claim at once never claim the same', async () => {
    for (const kind of NOTIFICATION_KINDS) await write(kind);
    const total = (await rows()).length;
    const batches = await Promise.all(Array.from({ length: 8 }, () => claim(2)));
    const claimed = batches.flat().map((one) => one.id);
    expect(new Set(claimed).size).toBe(claimed.length);
    const ofEachChannel = ['email', 'sms', 'in_app'].map(
      (channel) => batches.flat().filter((one) => one.channel === channel).length,
    );
    expect(ofEachChannel).toEqual([18, 5, 16]);
    expect(await claim(100)).toHaveLength(total - claimed.length);
  });

  test.each(LINES)('of the line %s comes what belongs to it, by the rule in TypeScript too', async (line) => {
    await makePerson(db(), 'admin');
    for (const kind of NOTIFICATION_KINDS) await write(kind, 0, ['client', 'admins']);
    const wanted = (await rows()).filter((row) => lineOf(row) === line).map((row) => row.id);
    const claimed = await claimNotifications(db(), relay.id, [line], 1_000);
    expect(wanted.length).toBeGreaterThan(0);
    expect(claimed.map((one) => one.id).toSorted()).toEqual(wanted.toSorted());
  });

  test('none is claimed before its time', async () => {
    await write('t15', 60_000);
    expect(await claim(10)).toEqual([]);
    await write('t5', 300);
    expect(await claim(10)).toEqual([]);
    await passTime(db(), id, 301);
    expect((await claim(10)).map(({ kind }) => kind)).toEqual(['t5', 't5', 't5']);
  });

  test('the most overdue come first', async () => {
    await write('payment_received');
    await write('booking_made', -5_000);
    expect((await claimOne()).kind).toBe('booking_made');
  });
});

describe('rows', () => {
  test('the same written again, or ten times at once, is one a channel', async () => {
    await Promise.all(Array.from({ length: 10 }, () => write('t5')));
    expect((await rows()).map(({ channel }) => channel).sort()).toEqual(['email', 'in_app', 'sms']);
  });

  test('what was sent stays sent when it is written again', async () => {
    await write('booking_made');
    const sent = (await claim(10)).map((one) => ({
      id: one.id,
      status: 'sent' as const,
      template: 'booking_made' as const,
      providerRef: 'ref',
    }));
    await finishNotifications(db(), relay.id, sent);
    await write('booking_made');
    expect(await rows()).toMatchObject([
      { status: 'sent', template: 'booking_made', providerRef: 'ref', sentAt: expect.any(Date) },
      { status: 'sent' },
    ]);
    expect(await claim(10)).toEqual([]);
  });

  test('another schedule version is told anew', async () => {
    await write('t15');
    const record = await recordOf(db(), id);
    await writeNotifications(
      db(),
      { ...record, scheduleVersion: 2 },
      { kind: 't15', to: ['client'], notBefore: record.startsAt },
    );
    expect(await rows()).toHaveLength(6);
  });

  test('every admin is alerted', async () => {
    const other = await makeParties(db());
    await writeNotifications(db(), await recordOf(db(), id), {
      kind: 'activation_alert',
      to: ['admins'],
      notBefore: 0,
    });
    const told = new Set((await rows()).map(({ recipientId }) => recipientId));
    for (const admin of [parties.admin, other.admin]) expect(told).toContain(admin.id);
  });
});

describe('voiding', () => {
  test('what lost its meaning is voided, the rest and what was sent stay', async () => {
    for (const kind of NOTIFICATION_KINDS) await write(kind, 1_000);
    await db().updateTable('notification').set({ status: 'sent' }).where('kind', '=', 't15').execute();
    await voidUnsent(db(), id);
    for (const { kind, status } of await rows()) {
      expect([kind, status]).toEqual([
        kind,
        kind === 't15' ? 'sent' : LOSES_MEANING.includes(kind) ? 'voided' : 'pending',
      ]);
    }
  });

  test('an expiry voids the reminders in its own transaction, and they are never claimed', async () => {
    await write('t15', 40 * MINUTE_MS);
    await passTime(db(), id, 31 * MINUTE_MS);
    await commitAppointment(db(), id);
    await passTime(db(), id, 60 * MINUTE_MS);
    expect((await claim(100)).map(({ kind }) => kind)).toEqual(['expired_payment', 'expired_payment']);
    const voided = (await rows()).filter(({ kind }) => kind === 't15');
    expect(voided).toMatchObject([
      { status: 'voided', error: 'lost its meaning' },
      { status: 'voided' },
      { status: 'voided' },
    ]);
  });
});

describe('endings', () => {
  beforeEach(() => write('booking_made'));

  test('a retry waits for its pause, and says why', async () => {
    const claimed = await claim(10);
    await finishNotifications(
      db(),
      relay.id,
      claimed.map((one) => ({
        id: one.id,
        status: 'pending',
        template: 'booking_made',
        error: 'the mail server is away',
        retryInMs: 60_000,
        unanswered: one.channel === 'email',
      })),
    );
    expect(await rows()).toMatchObject([
      { status: 'pending', attempts: 1, error: 'the mail server is away' },
      { attempts: 1 },
    ]);
    expect(await claim(10)).toEqual([]);
    await passTime(db(), id, 60_000);
    expect(await claim(10)).toMatchObject([{ attempts: 2, triedAt: expect.any(Date) }, { attempts: 2 }]);
    expect((await rows()).map(({ channel, unanswered }) => [channel, unanswered])).toEqual(
      claimed.map(({ channel }) => [channel, channel === 'email' ? 1 : 0]),
    );
  });

  test('an error that is cut in the middle of a character, or holds a NUL, is written down', async () => {
    const claimed = await claim(10);
    const error = `x\0${'\u{1F4A5}'.repeat(300)}`;
    await finishNotifications(
      db(),
      relay.id,
      claimed.map((one) => ({ id: one.id, status: 'failed', template: 'booking_made', error })),
    );
    expect(await rows()).toMatchObject([{ status: 'failed' }, { status: 'failed' }]);
  });

  test('one that is given up is failed, for all to see, and never claimed again', async () => {
    const claimed = await claim(10);
    await finishNotifications(
      db(),
      relay.id,
      claimed.map((one) => ({ id: one.id, status: 'failed', template: 'booking_made', error: 'x'.repeat(600) })),
    );
    expect(await rows()).toMatchObject([
      { status: 'failed', error: 'x'.repeat(500), sentAt: null },
      { status: 'failed' },
    ]);
    await passTime(db(), id, 600_000);
    expect(await claim(10)).toEqual([]);
  });

  test('one that lost its meaning is skipped, with the reason', async () => {
    const claimed = await claim(10);
    await finishNotifications(
      db(),
      relay.id,
      claimed.map((one) => ({ id: one.id, status: 'skipped', error: 'lost its meaning' })),
    );
    expect(await rows()).toMatchObject([
      { status: 'skipped', template: null, error: 'lost its meaning' },
      { status: 'skipped' },
    ]);
  });

  test('what a living relay holds is left alone; what a dead one only claimed is free at once', async () => {
    const claimed = await claimNotifications(db(), relay.id, ['email', 'in_app'], 10);
    expect(await freeNotificationsOfDeadRelays(db())).toBe(0);
    await relay.close();
    expect(await free()).toBe(2);
    expect((await rows()).map(({ unanswered }) => unanswered)).toEqual([0, 0]);
    relay = await RelaySession.open(db.url());
    const again = await claim(10);
    expect(again.map(({ id: one }) => one)).toEqual(claimed.map((one) => one.id).toSorted());
    expect(again).toMatchObject([
      { attempts: 1, triedAt: null },
      { attempts: 1, triedAt: null },
    ]);
  });

  test('what a dead relay was handing over is left alone for a moment, then knows that it was tried', async () => {
    await claim(10);
    await relay.close();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await freeNotificationsOfDeadRelays(db())).toBe(0);
    await passTime(db(), id, 2_001);
    expect(await freeNotificationsOfDeadRelays(db())).toBe(2);
    relay = await RelaySession.open(db.url());
    expect(await claim(10)).toMatchObject([
      { attempts: 2, unanswered: 1, triedAt: expect.any(Date) },
      { attempts: 2, unanswered: 1 },
    ]);
  });

  test('a claimed row that lost its meaning is voided and not begun; one being handed over is not voided', async () => {
    await write('approved');
    const claimed = await claimNotifications(db(), relay.id, ['email', 'in_app'], 10);
    const [first, ...others] = claimed.map((one) => one.id);
    await beginNotifications(db(), relay.id, [first!]);
    await voidUnsent(db(), id);
    const kinds = (await beginNotifications(db(), relay.id, others)).map(({ kind }) => kind);
    expect(kinds).not.toContain('approved');
    expect((await rows()).find((row) => row.id === first)!.status).toBe('sending');
  });

  test('a connection that breaks keeps the relay’s id: it takes its lock again', async () => {
    const holder = () =>
      sql<{ pid: number }>`select pid from pg_locks where locktype = 'advisory' and objid = ${relay.id}`;
    const [before] = (await holder().execute(db())).rows;
    await sql`select pg_terminate_backend(${before!.pid})`.execute(db());
    await vi.waitFor(async () => {
      const [after] = (await holder().execute(db())).rows;
      expect(after?.pid).toBeGreaterThan(0);
      expect(after!.pid).not.toBe(before!.pid);
      expect(relay.held).toBe(true);
    }, 5_000);
    await claim(10);
    expect(await freeNotificationsOfDeadRelays(db())).toBe(0);
  });

  test('a voided row is not brought back by a relay that had claimed it before', async () => {
    const claimed = await claim(10);
    await db().updateTable('notification').set({ status: 'voided' }).execute();
    await finishNotifications(
      db(),
      relay.id,
      claimed.map((one) => ({ id: one.id, status: 'sent', template: 'booking_made', providerRef: null })),
    );
    expect(await statuses()).toEqual(['voided']);
  });

  test('nothing to finish changes nothing', async () => {
    await finishNotifications(db(), relay.id, []);
    expect(await statuses()).toEqual(['pending']);
  });
});
