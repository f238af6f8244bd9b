import { randomUUID } from 'node:crypto';
import { Kysely, PostgresDialect, sql, type CompiledQuery } from 'kysely';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase } from '../tests/setup/database.js';
import { useTestDatabase } from '../tests/support/test-db.js';
import { bookAppointment, makeParties, type Parties } from '../tests/support/appointments.js';
import { readFieldKeys } from './config.js';
import { ColumnsPlugin } from './field-encryption.js';
import { viewsOf } from './appointment-views.js';
import { lockForCommit } from './commit-rows.js';
import { clientWallet } from './accounts.js';
import type { Db, Trx } from './database.js';
import { listInbox } from './inbox.js';
import { post } from './ledger.js';
import { readNewEvents } from './live-events.js';
import { listAppointments } from './lists.js';
import { claimMessages } from './messages.js';
import {
  beginNotifications,
  claimNotifications,
  finishNotifications,
  freeNotificationsOfDeadRelays,
} from './notification-claims.js';
import { voidUnsent, writeNotifications } from './notification-rows.js';
import { RelaySession } from './relay-session.js';
import { claimRooms } from './room-wishes.js';
import type { DB } from './schema.js';
import { fanOut } from './webhook-fan-out.js';

/** The statements that every second or every commit brings use their indexes: PostgreSQL's own plans, on full tables. */

const db = useTestDatabase();
let watched: Db;
let said: CompiledQuery[] = [];
let parties: Parties;
let other: Parties;
let id: string;

const FULL = 20_000;

/** History as a busy year leaves it: what is over outweighs by far what is due. Nothing listens to it, so no trigger runs. */
async function fill(trx: Db): Promise<void> {
  await sql`set local session_replication_role = replica`.execute(trx);
  await sql`insert into appointment (id, client_id, therapist_id, status, session_mode, starts_at, ends_at, duration_minutes, slot,
      policy, price_minor, currency, meeting_id, meeting_link, pay_by, remind_at, opens_at, activate_by, created_at, outcome_reason,
      outcome_by, outcome_at)
    select gen_random_uuid(), client_id, therapist_id, 'completed', session_mode, at, at + interval '1 minute', 1,
      tstzrange(at, at + interval '1 minute'), policy, 0, currency, 'm' || n, 'l', at, at, at, at, at, 'duration_over', 'system', at
    from appointment, lateral (select n, starts_at - (n + 60) * interval '2 minutes' as at from generate_series(1, ${FULL}) n) s
    where id = ${id}`.execute(trx);
  await sql`insert into notification (appointment_id, schedule_version, kind, recipient_id, recipient_role, channel, not_before,
      next_attempt_at, status, attempts)
    select a.id, 1, kind, a.client_id, 'client', 'email', a.starts_at, a.starts_at, 'sent', 1
    from appointment a, unnest(array['booking_made', 't15', 't5', 'completed']) kind where a.status = 'completed'`.execute(
    trx,
  );
  await sql`insert into message (appointment_id, kind, actor_role, received_at, handled_at, delivered_at)
    select a.id, kind, 'client', a.starts_at, a.starts_at, a.starts_at
    from appointment a, unnest(array['payment_settled', 'join', 'end']) kind where a.status = 'completed'`.execute(trx);
  await sql`insert into room (appointment_id, mode, sid, status)
    select a.id, 'video', 'RM' || a.id, 'closed' from appointment a where a.status = 'completed'`.execute(trx);
  await sql`insert into timeline_entry (appointment_id, schedule_version, kind, actor_role)
    select a.id, 1, 'booked', 'client' from appointment a where a.status = 'completed'`.execute(trx);
  await sql`insert into person (subject, role, name)
    select 'many-' || n, 'client', '' from generate_series(1, ${FULL}) n`.execute(trx);
  await sql`insert into account (code, kind, owner_id, currency)
    select 'client_wallet:' || p.id || ':INR', 'client_wallet', p.id, 'INR' from person p where p.subject like 'many-%'`.execute(
    trx,
  );
  await sql`insert into live_event (xid, kind, object_id, appointment_id, status, changes)
    select n, 'appointment', a.id, a.id, 'completed', '{completed}'
    from appointment a, generate_series(1, 3) n where a.status = 'completed'`.execute(trx);
}

beforeAll(async () => {
  watched = new Kysely<DB>({
    dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: db.url(), max: 2 }) }),
    plugins: [new ColumnsPlugin(readFieldKeys)],
    log: ({ query }) => void said.push(query as CompiledQuery),
  });
  parties = await makeParties(db());
  id = await bookAppointment(db(), parties);
  await db()
    .transaction()
    .execute((trx) => fill(trx));
  await sql`vacuum analyze`.execute(db());
  other = await makeParties(db());
  await bookAppointment(db(), other);
  await sql`analyze`.execute(db());
}, 120_000);
afterAll(() => watched.destroy());

/** Everything that a call says to PostgreSQL, planned: which indexes are used, and which large tables are read whole. */
async function plansOf(
  call: (on: Db) => Promise<unknown>,
): Promise<{ indexes: Set<string>; read: Set<string>; conditions: string[] }> {
  said = [];
  await call(watched);
  const indexes = new Set<string>();
  const read = new Set<string>();
  const conditions: string[] = [];
  for (const { sql: text, parameters } of said.filter(({ sql: one }) =>
    /^\s*(select|with|update|insert|delete)/i.test(one),
  )) {
    const { rows } = await sql<{ 'QUERY PLAN': string }>`explain ${sql.raw(inlined(text, parameters))}`.execute(db());
    for (const { 'QUERY PLAN': line } of rows) {
      for (const [, index] of line.matchAll(/(?:using|Bitmap Index Scan on) (\w+)/g)) indexes.add(index!);
      for (const [, table] of line.matchAll(/Seq Scan on (\w+)/g)) read.add(table!);
      if (line.includes('Index Cond:')) conditions.push(line);
    }
  }
  return { indexes, read, conditions };
}

/** The statement with its values written in: EXPLAIN takes no parameters of unknown type. */
function inlined(text: string, parameters: readonly unknown[]): string {
  return text.replaceAll(/\$(\d+)/g, (_, n: string) => {
    const value = parameters[Number(n) - 1];
    if (value === null || value === undefined) return 'null';
    if (value instanceof Date) return `'${value.toISOString()}'`;
    if (Array.isArray(value)) return `'{${value.join(',')}}'`;
    if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`;
    return JSON.stringify(value);
  });
}

const LARGE = ['appointment', 'notification', 'message', 'room', 'timeline_entry', 'person', 'account', 'live_event'];
const largeOf = (read: Set<string>): string[] => LARGE.filter((table) => read.has(table));

const tellAdmins = (on: Db) =>
  writeNotifications(
    on,
    { id, scheduleVersion: 1, clientId: parties.client.id, therapistId: parties.therapist.id },
    { kind: 't15', to: ['client', 'therapist', 'admins'], notBefore: Date.now() },
  );

/** Balanced, and new each time. */
async function postSomething(trx: Trx): Promise<void> {
  const line = (owner: string, amountMinor: number) => ({ account: clientWallet(owner, 'INR'), amountMinor });
  const postings = [line(parties.client.id, -1), line(other.client.id, 1)];
  await post(trx, { idempotencyKey: randomUUID(), kind: 'promotion', appointmentId: null, paymentId: null, postings });
}

/** A snapshot that PostgreSQL has passed long ago, but for the events of this file. */
const SINCE = '700:700:';

/** With something that is new, so that it is written as well. */
async function writeWebhooks(on: Db): Promise<void> {
  await sql`update webhook_position set snapshot = ${SINCE}`.execute(db());
  await fanOut(on);
}

const page = { at: Date.now(), limit: 20, after: null };
const filter = { statuses: [], needs: null, from: null, to: null, therapistId: null, clientId: null };

test.each<[what: string, call: (on: Db) => Promise<unknown>, index: RegExp]>([
  ['claiming notifications', (on) => claimNotifications(on, 1, ['sms', 'email'], 1_000), /notification_due/],
  ['beginning notifications', (on) => beginNotifications(on, 1, [id]), /notification_pkey/],
  ['setting free what the dead held', (on) => freeNotificationsOfDeadRelays(on), /notification_claimed/],
  ['telling all admins', (on) => tellAdmins(on), /person_admin/],
  ['posting to the ledger', (on) => on.transaction().execute(postSomething), /account_pkey/],
  ['writing webhooks', (on) => writeWebhooks(on), /live_event_pkey/],
  ['reading live events', (on) => readNewEvents(on, SINCE), /live_event_pkey/],
  ['claiming rooms', (on) => claimRooms(on, 50), /room_due/],
  ['claiming messages', (on) => claimMessages(on, 100), /message_to_send/],
  ['a commit’s reading', (on) => on.transaction().execute((trx) => lockForCommit(trx, id)), /message_unhandled/],
  ['voiding', (on) => voidUnsent(on, id), /notification_once/],
  ['the views of a chunk', (on) => viewsOf(on, [id]), /appointment_pkey/],
  [
    'a client’s list',
    (on) => listAppointments(on, { id: other.client.id, role: 'client' }, filter, page),
    /appointment_client/,
  ],
  [
    'an admin’s list',
    (on) => listAppointments(on, { id: parties.admin.id, role: 'admin' }, filter, page),
    /appointment_starts/,
  ],
  [
    'what waits for activation',
    (on) => listAppointments(on, { id: parties.admin.id, role: 'admin' }, { ...filter, needs: 'activation' }, page),
    /appointment_(live|own_overlap)/,
  ],
  ['in-app notices', (on) => listInbox(on, parties.client.id, { limit: 20, before: null }), /notification_inbox/],
])('%s goes by an index', async (_, call, index) => {
  const { indexes, read } = await plansOf(call);
  expect([...indexes].join()).toMatch(index);
  expect(largeOf(read)).toEqual([]);
});

test.each<[what: string, call: (on: Db) => Promise<unknown>]>([
  ['notifications', (on) => claimNotifications(on, 1, ['sms', 'email'], 1_000)],
  ['rooms', (on) => claimRooms(on, 50)],
  ['messages', (on) => claimMessages(on, 100)],
])('claiming %s goes by none of those whose time has not come', async (_, call) => {
  const { conditions } = await plansOf(call);
  expect(conditions.join()).toContain('next_attempt_at <= statement_timestamp()');
});

test('what has no index is found out: the check can fail', async () => {
  const { read } = await plansOf((on) =>
    on.selectFrom('notification').where('template', '=', 'x').select('id').execute(),
  );
  expect(largeOf(read)).toEqual(['notification']);
});

const ended = (on: Db) => finishNotifications(on, 1, [{ id: randomUUID(), status: 'skipped', error: '' }]);

test.each<[what: string, call: (on: Db) => Promise<unknown>]>([
  ['beginning notifications', (on) => beginNotifications(on, 1, [randomUUID()])],
  ['ending notifications', ended],
])(
  '%s goes by an index by a plan that was made while the table was empty, too: a connection keeps it',
  async (_, call) => {
    said = [];
    await call(watched);
    const young = await createTestDatabase();
    const client = new pg.Client({ connectionString: young.url });
    await client.connect();
    try {
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(`explain (generic_plan) ${said.at(-1)!.sql}`);
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
      expect(plan).toMatch(/Index Scan (using|on) notification_pkey/);
      expect(plan).not.toContain('Seq Scan on notification');
    } finally {
      await client.end();
      await young.drop();
    }
  },
);

interface PlanNode {
  'Function Name'?: string;
  'Actual Loops': number;
  Plans?: PlanNode[];
}

function loopsOf(node: PlanNode, name: string): number {
  const own = node['Function Name'] === name ? node['Actual Loops'] : 0;
  return (node.Plans ?? []).reduce((sum, child) => sum + loopsOf(child, name), own);
}

test('who lives is looked up once, while a whole herd is claimed', async () => {
  const session = await RelaySession.open(db.url());
  await sql`
    update notification set status = 'sending', claimed_by = ${session.id}, claimed_at = clock_timestamp()
    where id in (select id from notification where status = 'sent' limit 4000)`.execute(db());
  said = [];
  expect(await freeNotificationsOfDeadRelays(watched)).toBe(0);
  const { sql: text, parameters } = said.at(-1)!;
  const { rows } = await sql<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>`
    explain (analyze, format json) ${sql.raw(inlined(text, parameters))}`.execute(db());
  expect(loopsOf(rows[0]!['QUERY PLAN'][0].Plan, 'pg_lock_status')).toBe(1);
  await session.close();
  expect(await freeNotificationsOfDeadRelays(db())).toBeGreaterThanOrEqual(4_000);
});
