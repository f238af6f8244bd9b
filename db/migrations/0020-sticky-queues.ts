import { sql, type Kysely } from 'kysely';

/**
 * The task queue from which each worker takes the next tasks of workflows that it has in memory: what lies there when the
 * worker dies is given back by another one, which must know its name.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create table sticky_queue (
    name text primary key,
    relay_id int not null, -- of the worker's process: its advisory lock tells whether it lives
    task_queue text not null -- where a task goes that is given back
  )`.execute(db);
}
