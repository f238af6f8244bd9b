import { createCipheriv, createDecipheriv, createHmac, type KeyObject, randomBytes } from 'node:crypto';

/** Where keys come from: the environment today, a key service tomorrow. `find` also knows keys that were replaced. */
export interface KeyProvider {
  /** What new values are encrypted with. */
  current(): { id: string; key: KeyObject };
  /** @returns undefined for a key that was removed */
  find(id: string): KeyObject | undefined;
  /** The key of blind indexes: another one, since it is not rotated along. */
  indexKey(): KeyObject;
}

declare const encrypted: unique symbol;

/**
 * What a column in the database holds: `e1.<key id>.<base64url of nonce, tag and ciphertext>`. Text in truth, but to the
 * compiler something else, so that nobody takes it for the text itself.
 */
export interface Encrypted {
  readonly [encrypted]: true;
}

/** The ciphertext as it is, for those who only move it. */
export const storedText = (stored: Encrypted): string => stored as unknown as string;

/** Which column of which table, as SQL names it; with the row's key it is what a value is bound to. */
export type FieldName = `${string}.${string}`;

const VERSION = 'e1';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** The value can't be read: another row's, changed, or its key is gone. Says where, never what. */
export class UnreadableField extends Error {
  override readonly name = 'UnreadableField';

  constructor(
    readonly field: FieldName,
    why: string,
  ) {
    super(`${field} can't be decrypted: ${why}`);
  }
}

/** Bound to column, row and key: a value that is moved to another place no longer opens. */
const contextOf = (field: FieldName, row: string, keyId: string): Buffer =>
  Buffer.from(JSON.stringify([VERSION, keyId, field, row]));

/** The id of the key with which a stored value was encrypted; null for text in clear. */
export function keyIdOf(stored: Encrypted): string | null {
  const [version, keyId, sealed] = storedText(stored).split('.');
  return version === VERSION && sealed !== undefined ? keyId! : null;
}

/** AES-256-GCM for single columns, and HMAC-SHA-256 for finding a value without reading it. */
export class FieldCipher {
  constructor(private readonly keys: () => KeyProvider) {}

  currentKeyId(): string {
    return this.keys().current().id;
  }

  /** @param row the row's primary key as text */
  encrypt(field: FieldName, row: string, text: string): Encrypted {
    const { id, key } = this.keys().current();
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(contextOf(field, row, id));
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    const value = Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url');
    return `${VERSION}.${id}.${value}` as unknown as Encrypted;
  }

  /** @throws UnreadableField */
  decrypt(field: FieldName, row: string, stored: Encrypted): string {
    const [version, id, value] = storedText(stored).split('.');
    if (version !== VERSION || id === undefined || value === undefined)
      throw new UnreadableField(field, 'no ciphertext');
    const key = this.keys().find(id);
    if (key === undefined) throw new UnreadableField(field, `there is no key "${id}"`);
    const bytes = Buffer.from(value, 'base64url');
    if (bytes.length < NONCE_BYTES + TAG_BYTES) throw new UnreadableField(field, 'it is cut off');
    const tagEnd = NONCE_BYTES + TAG_BYTES;
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAAD(contextOf(field, row, id)).setAuthTag(bytes.subarray(NONCE_BYTES, tagEnd));
    try {
      return decipher.update(bytes.subarray(tagEnd), undefined, 'utf8') + decipher.final('utf8');
    } catch {
      throw new UnreadableField(field, 'it was changed, or belongs to another row');
    }
  }

  /** The same for the same text of a column, and of no use to who lacks the key: for looking somebody up. */
  blindIndex(field: FieldName, normalised: string): string {
    return createHmac('sha256', this.keys().indexKey()).update(`${field}\n${normalised}`).digest('base64url');
  }
}
