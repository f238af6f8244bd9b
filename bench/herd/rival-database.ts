import { sql } from 'kysely';
import pg from 'pg';
import { openDatabase } from '../../db/database.js';
import { migrateToLatest } from '../../db/migrate.js';
import { defaultPolicy, REAL_MINUTE_MS } from '../../domain/policy.js';
import { type Lateness, latenessOf } from './lateness.js';
import { HERD_CURRENCY, HERD_DURATION_MINUTES, insertHerd } from './people.js';
import { throwawayFieldKeys } from '../../dev/field-keys.js';

/** A database of the same server with the product's schema and a herd that is paid and activated, for one rival. */
export interface RivalDatabase {
  url: string;
  /** Writes the herd's rows with these due times, epoch ms. */
  insertAppointments(remindAt: number, opensAt: number): Promise<void>;
  /** How many appointments are reminded of and opened. */
  progress(): Promise<{ reminded: number; opened: number }>;
  lateness(): Promise<{ claimed: Lateness; opened: Lateness }>;
  drop(): Promise<void>;
}

const STARTS_AFTER_MS = 5 * REAL_MINUTE_MS;

async function onServer(adminUrl: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** Makes it, with so many pairs of people. */
export async function makeRivalDatabase(adminUrl: string, name: string, n: number): Promise<RivalDatabase> {
  await onServer(adminUrl, `drop database if exists ${name} with (force)`);
  await onServer(adminUrl, `create database ${name}`);
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  await migrateToLatest(url.href);
  const db = openDatabase(url.href, { maxConnections: 2, fieldKeys: throwawayFieldKeys });
  await insertHerd(db, n, defaultPolicy(REAL_MINUTE_MS));
  const count = (filter: ReturnType<typeof sql>) => sql`count(*) filter (where ${filter})::int`;
  return {
    url: url.href,
    async insertAppointments(remindAt, opensAt) {
      const startsAt = opensAt + STARTS_AFTER_MS;
      const endsAt = startsAt + HERD_DURATION_MINUTES * REAL_MINUTE_MS;
      const at = (ms: number) => sql`${new Date(ms)}::timestamptz`;
      await sql`
        insert into appointment (id, client_id, therapist_id, session_mode, starts_at, ends_at, duration_minutes, slot,
          policy, price_minor, currency, meeting_id, meeting_link, pay_by, remind_at, opens_at, activate_by, paid_at,
          activated_at, created_at)
        select gen_random_uuid(), c.id, t.id, 'video', ${at(startsAt)}, ${at(endsAt)}, ${HERD_DURATION_MINUTES},
          tstzrange(${at(startsAt)}, ${at(endsAt)}), t.policy, 6000, ${HERD_CURRENCY}, 'meeting-' || c.id,
          'https://example.test/' || c.id, ${at(startsAt)}, ${at(remindAt)}, ${at(opensAt)}, ${at(endsAt)},
          clock_timestamp(), clock_timestamp(), clock_timestamp()
        from (select id, row_number() over (order by id) as n from person where role = 'client') c
        join (select therapist.*, row_number() over (order by id) as n from therapist) t using (n)`.execute(db);
      await sql`analyze`.execute(db);
    },
    async progress() {
      const { rows } = await sql<{ reminded: number; opened: number }>`
        select ${count(sql`reminded_at is not null`)} as reminded, ${count(sql`opened_at is not null`)} as opened
        from appointment`.execute(db);
      return rows[0]!;
    },
    async lateness() {
      const claimed = await sql<{ ms: number }>`
        select (extract(epoch from claimed_at - not_before) * 1000)::float8 as ms from notification
        where kind = 't15' and channel in ('sms', 'email')`.execute(db);
      const opened = await sql<{ ms: number }>`
        select (extract(epoch from opened_at - opens_at) * 1000)::float8 as ms from appointment`.execute(db);
      const sorted = (rows: { ms: number }[]) => latenessOf(rows.map(({ ms }) => ms));
      return { claimed: sorted(claimed.rows), opened: sorted(opened.rows) };
    },
    async drop() {
      await db.destroy();
      await onServer(adminUrl, `drop database if exists ${name} with (force)`);
    },
  };
}
