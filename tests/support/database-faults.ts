import { sql } from 'kysely';
import type { Db } from '../../db/database.js';

/** One transaction in this many fails. */
export const ONE_IN = 10;

/** How often each fault has hit. */
export interface FaultCounts {
  transactions: number;
  serialization: number;
  deadlock: number;
  atStatement: number;
  atCommit: number;
}

/**
 * From now on PostgreSQL itself ends every tenth transaction that writes: by turns with a serialization failure and as
 * a deadlock's victim, at its first write and at its commit. By sequences, which count on through what is taken back.
 */
export async function failOneTransactionInTen(db: Db): Promise<void> {
  await sql`create schema fault`.execute(db);
  for (const name of ['transactions', 'serialization', 'deadlock', 'at_statement', 'at_commit'])
    await sql`create sequence fault.${sql.raw(name)}`.execute(db);
  await sql`
    create function fault.number() returns bigint language plpgsql as $$
    declare number text := current_setting('fault.number', true);
    begin
      if coalesce(number, '') = '' then
        number := nextval('fault.transactions')::text;
        perform set_config('fault.number', number, true);
      end if;
      return number::bigint;
    end $$`.execute(db);
  await sql`
    create function fault.fail() returns trigger language plpgsql as $$
    declare turn bigint := fault.number() / ${sql.lit(ONE_IN)};
    begin
      if fault.number() % ${sql.lit(ONE_IN)} <> 0 or (turn % 2 = 0) <> (tg_argv[0] = 'at_commit') then return null; end if;
      perform nextval('fault.' || tg_argv[0]);
      if turn % 4 < 2 then
        perform nextval('fault.serialization');
        raise exception 'could not serialize access (injected)' using errcode = 'serialization_failure';
      end if;
      perform nextval('fault.deadlock');
      raise exception 'deadlock detected (injected)' using errcode = 'deadlock_detected';
    end $$`.execute(db);
  const { rows } = await sql<{ name: string }>`
    select format('%I.%I', table_schema, table_name) as name from information_schema.tables
    where table_schema = 'public' and table_type = 'BASE TABLE' and table_name not like 'kysely%'`.execute(db);
  for (const { name } of rows) {
    const table = sql.raw(name);
    await sql`create trigger fault_at_statement after insert or update or delete on ${table}
      for each statement execute function fault.fail('at_statement')`.execute(db);
    await sql`create constraint trigger fault_at_commit after insert or update or delete on ${table}
      deferrable initially deferred for each row execute function fault.fail('at_commit')`.execute(db);
  }
}

/** How often it has happened until now. */
export async function faultCounts(db: Db): Promise<FaultCounts> {
  const value = (name: string) =>
    sql`(select case when is_called then last_value else 0 end from fault.${sql.raw(name)})::int`;
  const { rows } = await sql<FaultCounts>`
    select ${value('transactions')} as transactions, ${value('serialization')} as serialization,
      ${value('deadlock')} as deadlock, ${value('at_statement')} as at_statement, ${value('at_commit')} as at_commit`.execute(
    db,
  );
  return rows[0]!;
}
