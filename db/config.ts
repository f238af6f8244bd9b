/** Where PostgreSQL is. @throws Error naming the variable when it is missing. */
export function readDatabaseConfig(env: NodeJS.ProcessEnv = process.env): { databaseUrl: string } {
  const databaseUrl = env['DATABASE_URL'];
  if (databaseUrl === undefined || databaseUrl === '') {
    throw new Error('DATABASE_URL is missing: set it to postgres://user:password@host:port/database.');
  }
  return { databaseUrl };
}
