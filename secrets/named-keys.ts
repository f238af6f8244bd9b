import { createSecretKey, type KeyObject } from 'node:crypto';

const KEY_BYTES = 32;
/** How operators make a key. */
export const KEY_MADE_BY = 'openssl rand -base64 32';

/** One AES-256 or HMAC key in base64. @throws Error naming the variable, never the key */
export function readKey(variable: string, text: string): KeyObject {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== KEY_BYTES)
    throw new Error(`${variable}: a key is ${KEY_BYTES} bytes in base64 (${KEY_MADE_BY}).`);
  return createSecretKey(bytes);
}

/** Keys by their ids; the first is the one to encrypt with. */
export interface NamedKeys {
  current: { id: string; key: KeyObject };
  find(id: string): KeyObject | undefined;
}

/** Reads `id:base64,id:base64`. @throws Error naming the variable, never a key */
export function readNamedKeys(variable: string, text: string): NamedKeys {
  const keys = new Map<string, KeyObject>();
  for (const part of text.split(',')) {
    const [id = '', key = ''] = part.trim().split(':');
    if (!/^[A-Za-z0-9_-]{1,32}$/.test(id)) throw new Error(`${variable}: a key's id is letters, digits, - and _.`);
    if (keys.has(id)) throw new Error(`${variable}: the key id "${id}" is there twice.`);
    keys.set(id, readKey(variable, key));
  }
  const [[id, key]] = keys as unknown as [[string, KeyObject]];
  return { current: { id, key }, find: (wanted) => keys.get(wanted) };
}
