import type { FieldName } from './field-cipher.js';

/** A column that holds ciphertext, for those who go over all of them: rotation, and the check of it. */
export interface EncryptedColumn {
  field: FieldName;
  /** The primary key; joined by `|` it is what a value is bound to. */
  key: readonly string[];
  /** Where the ciphertext lies in a jsonb column: `{ "text": ... }`. */
  inJson?: true;
}

/** Every encrypted column there is. Whoever adds one names it here. */
export const ENCRYPTED_COLUMNS: readonly EncryptedColumn[] = [
  { field: 'person.name', key: ['id'] },
  { field: 'person.email', key: ['id'] },
  { field: 'person.phone', key: ['id'] },
  { field: 'phone_code.phone', key: ['id'] },
  { field: 'note.text', key: ['id'] },
  { field: 'review.text', key: ['appointment_id'] },
  { field: 'webhook_endpoint.secret', key: ['id'] },
  { field: 'webhook_endpoint.previous_secret', key: ['id'] },
  { field: 'idempotency_key.response_body', key: ['caller', 'route', 'key'], inJson: true },
];
