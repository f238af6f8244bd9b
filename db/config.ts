import { KEY_MADE_BY, readKey, readNamedKeys } from '../secrets/named-keys.js';
import type { KeyProvider } from './field-cipher.js';

/** Where PostgreSQL is. @throws Error naming the variable when it is missing. */
export function readDatabaseConfig(env: NodeJS.ProcessEnv = process.env): { databaseUrl: string } {
  const databaseUrl = env['DATABASE_URL'];
  if (databaseUrl === undefined || databaseUrl === '') {
    throw new Error('DATABASE_URL is missing: set it to postgres://user:password@host:port/database.');
  }
  return { databaseUrl };
}

/**
 * The keys of encrypted columns: `FIELD_KEYS` is `id:base64,...`, the first one encrypts, the others only read.
 * `FIELD_INDEX_KEY` makes blind indexes. @throws Error naming the variable that is missing or wrong, never a key
 */
export function readFieldKeys(env: NodeJS.ProcessEnv = process.env): KeyProvider {
  const listed = env['FIELD_KEYS'];
  const index = env['FIELD_INDEX_KEY'];
  if (!listed) throw new Error(`FIELD_KEYS is missing: set it to id:key, the key by \`${KEY_MADE_BY}\`.`);
  if (!index) throw new Error(`FIELD_INDEX_KEY is missing: make one by \`${KEY_MADE_BY}\`, and keep it.`);
  const keys = readNamedKeys('FIELD_KEYS', listed);
  const indexKey = readKey('FIELD_INDEX_KEY', index);
  return { current: () => keys.current, find: (id) => keys.find(id), indexKey: () => indexKey };
}
