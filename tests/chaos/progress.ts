import { sql } from 'kysely';
import type { Db } from '../../db/database.js';

/** Ids of the appointments that PostgreSQL doesn't say are over. */
export async function openAppointments(db: Db): Promise<string[]> {
  const rows = await db
    .selectFrom('appointment')
    .where('status', 'in', ['scheduled', 'confirmed', 'in_progress'])
    .select('id')
    .execute();
  return rows.map(({ id }) => id);
}

/** What PostgreSQL and the sandbox say is still on its way: notices, refunds, messages, webhooks. */
export async function leftToDo(db: Db, sandbox: string): Promise<number> {
  const { rows } = await sql<{ left: number }>`
    select (select count(*) from notification where status in ('pending', 'sending'))
      + (select count(*) from refund where status in ('pending', 'processing'))
      + (select count(*) from message where handled_at is null)
      + (select count(*) from appointment where status in ('scheduled', 'confirmed', 'in_progress')) as left`.execute(
    db,
  );
  const webhooks = (await (await fetch(`${sandbox}/_sandbox/webhooks`)).json()) as { state: string }[];
  const waiting = webhooks.filter(({ state }) => state === 'pending' || state === 'held').length;
  return Number(rows[0]!.left) + waiting;
}
