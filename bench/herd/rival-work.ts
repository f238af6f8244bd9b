import { writeFile } from 'node:fs/promises';
import pg from 'pg';

/** Which of the two due times: T-15's rows, or T-5's. */
export type Due = 't15' | 't5';

/** What every rival is told. Times in epoch milliseconds. */
export interface RivalOrder {
  databaseUrl: string;
  n: number;
  remindAt: number;
  opensAt: number;
  /** Written once everything is in place. */
  readyFile: string;
}

const UPDATES: Record<Due, string> = {
  t15: `update appointment set reminded_at = clock_timestamp(), version = version + 1, updated_at = clock_timestamp()
    where id = any($1::uuid[]) and status = 'scheduled' and reminded_at is null
    returning id, client_id, therapist_id, schedule_version, remind_at as due`,
  t5: `update appointment set status = 'confirmed', opened_at = clock_timestamp(), version = version + 1,
      updated_at = clock_timestamp()
    where id = any($1::uuid[]) and status = 'scheduled' and opened_at is null
    returning id, client_id, therapist_id, schedule_version, opens_at as due`,
};

/**
 * The work of a due time for these appointments in one statement: the UPDATE of the row, and the notification rows, of
 * both people by all ways, written as claimed. Our own service writes them ahead and claims them with an UPDATE.
 */
export function dueStatement(due: Due): string {
  return `
    with due as (${UPDATES[due]})
    insert into notification (appointment_id, schedule_version, kind, recipient_id, recipient_role, channel, not_before,
      next_attempt_at, status, attempts, claimed_at)
    select d.id, d.schedule_version, '${due}', person.id, person.role, way.channel, d.due, d.due, 'sending', 1,
      clock_timestamp()
    from due d
    cross join lateral (values (d.client_id, 'client'), (d.therapist_id, 'therapist')) person (id, role)
    cross join (values ('sms'), ('email'), ('in_app')) way (channel)
    on conflict do nothing`;
}

/** Reads the order that the bench gave as the only argument. */
export function readOrder(): RivalOrder {
  return JSON.parse(process.argv[2] ?? '') as RivalOrder;
}

/** The ids of the herd's appointments. */
export async function herdIds(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>('select id from appointment order by id');
  return rows.map(({ id }) => id);
}

export function openPool(databaseUrl: string, max: number): pg.Pool {
  const pool = new pg.Pool({ connectionString: databaseUrl, max });
  pool.on('error', () => undefined);
  return pool;
}

/** Tells the bench that everything is in place; too late is no result. @throws Error after T-15 */
export async function tellReady({ remindAt, readyFile }: RivalOrder): Promise<void> {
  if (Date.now() >= remindAt) throw new Error('the jobs were not in place by T-15');
  await writeFile(readyFile, '');
}

/** Ends with the process's signal, after `stop`. */
export function onStop(stop: () => Promise<void>): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => {
      void stop().finally(() => process.exit(0));
    });
}
