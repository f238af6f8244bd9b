import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { makePerson } from '../tests/support/people.js';
import { useTestDatabase } from '../tests/support/test-db.js';
import { readFieldKeys } from './config.js';
import { openDatabase } from './database.js';
import { type Encrypted, FieldCipher, storedText, UnreadableField } from './field-cipher.js';
import { decryptField, encryptField } from './field-encryption.js';
import { keysInUse, rotateKeys } from './key-rotation.js';
import { insertPerson, peopleByPhone, personBySubject, readContact } from './people.js';

const db = useTestDatabase();
const newKey = () => randomBytes(32).toString('base64');
const indexKey = newKey();
const [first, second] = [newKey(), newKey()];
const keysOf = (listed: string) => readFieldKeys({ FIELD_KEYS: listed, FIELD_INDEX_KEY: indexKey });
const cipherOf = (listed: string) => new FieldCipher(() => keysOf(listed));

const asStored = (text: string) => text as unknown as Encrypted;

describe('one value', () => {
  const cipher = cipherOf(`a:${first}`);
  const stored = cipher.encrypt('person.email', 'row-1', 'somebody@example.test');

  test('names its format and key, differs each time, and opens again', () => {
    expect(stored).toMatch(/^e1\.a\.[\w-]+$/);
    expect(stored).not.toContain('somebody');
    expect(cipher.encrypt('person.email', 'row-1', 'somebody@example.test')).not.toBe(stored);
    expect(cipher.decrypt('person.email', 'row-1', stored)).toBe('somebody@example.test');
    const odd = 'Žofie 🧡 \n'.repeat(100);
    expect(cipher.decrypt('note.text', '1', cipher.encrypt('note.text', '1', odd))).toBe(odd);
  });

  test('opens nowhere else, and not when a character of it was changed', () => {
    const text = storedText(stored);
    const changed = asStored(`${text.slice(0, -2)}${text.at(-2) === 'A' ? 'B' : 'A'}${text.at(-1)}`);
    expect(() => cipher.decrypt('person.email', 'row-2', stored)).toThrow(UnreadableField);
    expect(() => cipher.decrypt('person.name', 'row-1', stored)).toThrow(UnreadableField);
    expect(() => cipher.decrypt('person.email', 'row-1', changed)).toThrow(UnreadableField);
    expect(() => cipher.decrypt('person.email', 'row-1', asStored('in clear'))).toThrow(/no ciphertext/);
  });

  test('opens with a replaced key that is still listed, and not once it is gone', () => {
    expect(cipherOf(`b:${second},a:${first}`).decrypt('person.email', 'row-1', stored)).toBe('somebody@example.test');
    expect(() => cipherOf(`b:${second}`).decrypt('person.email', 'row-1', stored)).toThrow('there is no key "a"');
    // The same id with another key must not pass for the old one.
    expect(() => cipherOf(`a:${second}`).decrypt('person.email', 'row-1', stored)).toThrow(UnreadableField);
  });

  test.each([
    [{ FIELD_INDEX_KEY: indexKey }, /FIELD_KEYS is missing/],
    [{ FIELD_KEYS: `a:${first}` }, /FIELD_INDEX_KEY is missing/],
    [{ FIELD_KEYS: 'a:c2hvcnQ=', FIELD_INDEX_KEY: indexKey }, /32 bytes/],
    [{ FIELD_KEYS: `a.b:${first}`, FIELD_INDEX_KEY: indexKey }, /letters, digits/],
    [{ FIELD_KEYS: `a:${first},a:${second}`, FIELD_INDEX_KEY: indexKey }, /twice/],
  ])('keys that can’t be right stop the start: %#', (env, message) => {
    expect(() => readFieldKeys(env)).toThrow(message);
  });
});

test('a person is stored in no readable way, and read, found by number and signed in all the same', async () => {
  const contact = { name: 'Nadia Canary', email: 'Nadia@Example.test', phone: '+15557000001' };
  const id = await insertPerson(db(), { subject: 'nadia', role: 'client', ...contact });
  const { rows } = await sql<{
    text: string;
  }>`select row_to_json(p)::text as text from person p where id = ${id}`.execute(db());
  for (const said of ['Canary', 'nadia@', 'Nadia@', '5557000001']) expect(rows[0]!.text).not.toContain(said);
  expect(await readContact(db(), id)).toEqual(contact);
  expect(await personBySubject(db(), 'nadia')).toMatchObject({ id, name: 'Nadia Canary' });
  expect(await peopleByPhone(db(), '+15557000001')).toEqual([{ id, role: 'client' }]);
  expect(await peopleByPhone(db(), '+15557000002')).toEqual([]);
});

test('rotation: broken off and run again it ends with one key, and the old one can go', async () => {
  const url = db.url();
  const open = (listed: string) => openDatabase(url, { maxConnections: 1, fieldKeys: () => keysOf(listed) });
  await sql`truncate person cascade`.execute(db());
  const before = open(`a:${first}`);
  const ids: string[] = [];
  for (let n = 0; n < 3; n += 1) ids.push((await makePerson(before, 'client')).id);
  await sql`update person set name = 'left in clear', email_index = null where id = ${ids[0]!}`.execute(before);
  const both = open(`b:${second},a:${first}`);
  // Half of it, as a rotation that was broken off leaves it.
  const email = encryptField(both, 'person.email', ids[1]!, 'moved@example.test');
  await both.updateTable('person').set({ email }).where('id', '=', ids[1]!).execute();

  const rotated = await rotateKeys(both);
  expect(rotated.find(({ field }) => field === 'person.name')).toMatchObject({ rewritten: 3, unreadable: 0 });
  expect(rotated.find(({ field }) => field === 'person.email')).toMatchObject({ rewritten: 2, unreadable: 0 });
  expect((await rotateKeys(both)).every(({ rewritten }) => rewritten === 0)).toBe(true);
  expect(new Set((await keysInUse(both)).map(({ keyId }) => keyId))).toEqual(new Set(['b']));

  const after = open(`b:${second}`);
  expect(await readContact(after, ids[0]!)).toMatchObject({ name: 'left in clear', phone: '+15005550010' });
  expect(await readContact(after, ids[1]!)).toMatchObject({ email: 'moved@example.test' });
  const row = await after.selectFrom('person').where('id', '=', ids[0]!).selectAll().executeTakeFirstOrThrow();
  expect(row.emailIndex).not.toBeNull();
  await Promise.all([before, both, after].map((handle) => handle.destroy()));
});

test('a value whose key is gone stays as it is, is counted, and holds up nothing', async () => {
  const url = db.url();
  await sql`truncate person cascade`.execute(db());
  const lost = openDatabase(url, { maxConnections: 1, fieldKeys: () => keysOf(`lost:${newKey()}`) });
  const ours = openDatabase(url, { maxConnections: 1, fieldKeys: () => keysOf(`b:${second},a:${first}`) });
  const [gone, kept] = [await makePerson(lost, 'client'), await makePerson(ours, 'client')];
  const name = new FieldCipher(() => keysOf(`a:${first}`)).encrypt('person.name', kept.id, 'Kept');
  await ours.updateTable('person').set({ name }).where('id', '=', kept.id).execute();
  await ours.updateTable('person').set({ emailIndex: null }).execute();
  const names = (await rotateKeys(ours)).find(({ field }) => field === 'person.name');
  expect(names).toEqual({ field: 'person.name', rewritten: 1, unreadable: 1 });
  expect(await readContact(ours, kept.id)).toMatchObject({ name: 'Kept' });
  const indexed = await ours.selectFrom('person').where('emailIndex', 'is not', null).select('id').execute();
  expect(indexed).toEqual([{ id: kept.id }]);
  await expect(readContact(ours, gone.id)).rejects.toThrow('there is no key "lost"');
  await Promise.all([lost, ours].map((handle) => handle.destroy()));
});

test('inside a transaction the same keys count', async () => {
  await db()
    .transaction()
    .execute((trx) => {
      const stored = encryptField(trx, 'note.text', 'n', 'why');
      expect(decryptField(trx, 'note.text', 'n', stored)).toBe('why');
      return Promise.resolve();
    });
});
