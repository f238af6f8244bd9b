import { createSecretKey, type KeyObject } from 'node:crypto';
import type { KeyProvider } from './field-cipher.js';

/** Where PostgreSQL is. @throws Error naming the variable when it is missing. */
export function readDatabaseConfig(env: NodeJS.ProcessEnv = process.env): { databaseUrl: string } {
  const databaseUrl = env['DATABASE_URL'];
  if (databaseUrl === undefined || databaseUrl === '') {
    throw new Error('DATABASE_URL is missing: set it to postgres://user:password@host:port/database.');
  }
  return { databaseUrl };
}

const KEY_BYTES = 32;
const MADE_BY = 'openssl rand -base64 32';

function readKey(variable: string, text: string): KeyObject {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== KEY_BYTES) throw new Error(`${variable}: a key is ${KEY_BYTES} bytes in base64 (${MADE_BY}).`);
  return createSecretKey(bytes);
}

function readNamedKeys(variable: string, text: string): Map<string, KeyObject> {
  const keys = new Map<string, KeyObject>();
  for (const part of text.split(',')) {
    const [id = '', key = ''] = part.trim().split(':');
    if (!/^[A-Za-z0-9_-]{1,32}$/.test(id)) throw new Error(`${variable}: a key's id is letters, digits, - and _.`);
    if (keys.has(id)) throw new Error(`${variable}: the key id "${id}" is there twice.`);
    keys.set(id, readKey(variable, key));
  }
  return keys;
}

/**
 * The keys of encrypted columns: `FIELD_KEYS` is `id:base64,...`, the first one encrypts, the others only read.
 * `FIELD_INDEX_KEY` makes blind indexes. @throws Error naming the variable that is missing or wrong, never a key
 */
export function readFieldKeys(env: NodeJS.ProcessEnv = process.env): KeyProvider {
  const listed = env['FIELD_KEYS'];
  const index = env['FIELD_INDEX_KEY'];
  if (!listed) throw new Error(`FIELD_KEYS is missing: set it to id:key, the key by \`${MADE_BY}\`.`);
  if (!index) throw new Error(`FIELD_INDEX_KEY is missing: make one by \`${MADE_BY}\`, and keep it.`);
  const keys = readNamedKeys('FIELD_KEYS', listed);
  const [[id, key]] = keys as unknown as [[string, KeyObject]];
  const indexKey = readKey('FIELD_INDEX_KEY', index);
  return { current: () => ({ id, key }), find: (wanted) => keys.get(wanted), indexKey: () => indexKey };
}
