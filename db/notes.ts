import type { Db } from './database.js';
import { decryptField, encryptField } from './field-encryption.js';

/** Free text that somebody gave as a reason, as rows, messages, workflows and histories carry it: a word without meaning. */
const REFERENCE = /^note:([0-9a-f-]{36})$/;

const referenceTo = (id: string): string => `note:${id}`;

export interface NewNote {
  /** The request's id: a repeat meets the first. */
  id: string;
  appointmentId: string | null;
  /** Null: an operator by hand. */
  authorId: string | null;
  text: string;
}

/** Keeps a text, encrypted. @returns the reference that goes wherever the reason was to go */
export async function writeNote(db: Db, { id, appointmentId, authorId, text }: NewNote): Promise<string> {
  await db
    .insertInto('note')
    .values({ id, appointmentId, authorId, text: encryptField(db, 'note.text', id, text) })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
  return referenceTo(id);
}

const idOf = (reason: unknown): string | null =>
  typeof reason === 'string' ? (REFERENCE.exec(reason)?.[1] ?? null) : null;

/** What erased texts are read as. */
const ERASED = '(erased)';

/**
 * Puts the texts back in the place of their references, of one appointment's notes alone: nobody reads another's by naming
 * it. What is no reference (a code of ours) stays. One statement, none where there is no reference.
 */
export async function withReasons<Item>(
  db: Db,
  appointmentId: string,
  items: readonly Item[],
  reason: { of: (item: Item) => unknown; put: (item: Item, text: string) => Item },
): Promise<Item[]> {
  const ids = items.flatMap((item) => idOf(reason.of(item)) ?? []);
  if (ids.length === 0) return [...items];
  const notes = await db
    .selectFrom('note')
    .where('id', 'in', ids)
    .where('appointmentId', '=', appointmentId)
    .select(['id', 'text'])
    .execute();
  const texts = new Map(
    notes.map(({ id, text }) => [id, text === null ? ERASED : decryptField(db, 'note.text', id, text)]),
  );
  return items.map((item) => {
    const id = idOf(reason.of(item));
    return id === null ? item : reason.put(item, texts.get(id) ?? ERASED);
  });
}
