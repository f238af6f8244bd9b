import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readFieldKeys } from '../db/config.js';
import type { KeyProvider } from '../db/field-cipher.js';
import { throwawayKeys } from './throwaway-keys.js';

/** What the product reads its keys from. */
export type FieldKeyEnvironment = Record<keyof typeof throwawayKeys, string>;

const newKey = (): string => randomBytes(32).toString('base64');

/** The development stack's keys: made once, kept beside its database and readable by their owner alone. */
export async function keepFieldKeys(dataDir: string): Promise<FieldKeyEnvironment> {
  const file = join(dataDir, 'field-keys.json');
  const made: FieldKeyEnvironment = { FIELD_KEYS: `dev1:${newKey()}`, FIELD_INDEX_KEY: newKey() };
  try {
    await writeFile(file, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
    return made;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    return JSON.parse(await readFile(file, 'utf8')) as FieldKeyEnvironment;
  }
}

/** For `openDatabase` in the process that runs a measurement or the chaos; its children get `throwawayKeys`. */
export const throwawayFieldKeys = (): KeyProvider => readFieldKeys(throwawayKeys);
