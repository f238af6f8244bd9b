import { CamelCasePlugin } from 'kysely';
import type { Db } from './database.js';
import { type Encrypted, FieldCipher, type FieldName, type KeyProvider } from './field-cipher.js';

/** The database handle's one plugin: names in camelCase, and the keys of its encrypted columns. */
export class ColumnsPlugin extends CamelCasePlugin {
  readonly cipher: FieldCipher;

  constructor(keys: () => KeyProvider) {
    super({ maintainNestedObjectKeys: true });
    this.cipher = new FieldCipher(keys);
  }
}

/** The cipher that a handle, or a transaction of it, was opened with. */
export function cipherOf(db: Db): FieldCipher {
  const columns = db.getExecutor().plugins.find((plugin) => plugin instanceof ColumnsPlugin);
  if (columns === undefined) throw new Error('this database handle was not opened by openDatabase');
  return columns.cipher;
}

/**
 * Encrypts one value for its column. A new encrypted column is also named in db/encrypted-columns.ts, so that rotation
 * finds it; its type in db/schema.ts is `Encrypted`.
 * @param row the row's primary key as text: minted before the insert; several columns joined by `|`
 */
export function encryptField(db: Db, field: FieldName, row: string, text: string): Encrypted {
  return cipherOf(db).encrypt(field, row, text);
}

/** Reads what `encryptField` wrote for the same column and row. @throws UnreadableField */
export function decryptField(db: Db, field: FieldName, row: string, stored: Encrypted): string {
  return cipherOf(db).decrypt(field, row, stored);
}

/** The blind index of an e-mail address (letter case doesn't count) or of an E.164 number, for `where` and for storing. */
export function contactIndex(db: Db, field: 'person.email' | 'person.phone', contact: string): string {
  return cipherOf(db).blindIndex(field, contact.trim().toLowerCase());
}
