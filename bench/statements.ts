import pg from 'pg';

/** What lets PostgreSQL count its statements; counting costs it a few percent. */
export const statementSettings = { shared_preload_libraries: 'pg_stat_statements', 'pg_stat_statements.max': '2000' };

/** A statement with what it cost since the counting began. */
export interface Statement {
  database: string;
  calls: number;
  totalMs: number;
  text: string;
}

async function ask<T extends pg.QueryResultRow>(url: string, text: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<T>(text)).rows;
  } finally {
    await client.end();
  }
}

/** Begins to count anew. @param url a database of the server, the same as for reading */
export async function resetStatements(url: string): Promise<void> {
  await ask(url, 'create extension if not exists pg_stat_statements');
  await ask(url, 'select pg_stat_statements_reset()');
}

/** The statements of all databases of the server, those first that took longest (planning and execution). */
export function readStatements(url: string, limit: number): Promise<Statement[]> {
  return ask<Statement>(
    url,
    `select d.datname as database, s.calls::int, s.total_plan_time + s.total_exec_time as "totalMs",
       left(regexp_replace(s.query, '\\s+', ' ', 'g'), 140) as text
     from pg_stat_statements s join pg_database d on d.oid = s.dbid
     order by 3 desc limit ${limit}`,
  );
}
