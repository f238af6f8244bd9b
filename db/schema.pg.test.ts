import { readFile } from 'node:fs/promises';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../tests/setup/database.js';
import { openDatabase, type Db } from './database.js';

/** One column, as the code or as the database has it. */
interface Column {
  base: string;
  nullable: boolean;
  hasDefault: boolean;
}

let database: TestDatabase;
let db: Db;
let migrated: Map<string, Column>;
let text: string;

beforeAll(async () => {
  database = await createTestDatabase();
  db = openDatabase(database.url);
  migrated = await readMigrated(db);
  text = await readFile(new URL('schema.ts', import.meta.url), 'utf8');
});
afterAll(async () => {
  await db.destroy();
  await database.drop();
});

const BASES: Record<string, string> = {
  uuid: 'string',
  text: 'string',
  tstzrange: 'string',
  int4: 'number',
  int8: 'number',
  timestamptz: 'Date',
  jsonb: 'json',
  bool: 'boolean',
  _int4: 'number[]',
  _text: 'string[]',
};

async function readMigrated(of: Db): Promise<Map<string, Column>> {
  const { rows } = await sql<{
    tableName: string;
    columnName: string;
    udtName: string;
    nullable: boolean;
    hasDefault: boolean;
  }>`
    select table_name, column_name, udt_name, is_nullable = 'YES' as nullable,
      column_default is not null or is_identity = 'YES' as has_default
    from information_schema.columns where table_schema = 'public' and table_name not like 'kysely_%'`.execute(of);
  return new Map(
    rows.map(({ tableName, columnName, udtName, nullable, hasDefault }) => [
      `${tableName}.${columnName}`,
      { base: BASES[udtName] ?? udtName, nullable, hasDefault },
    ]),
  );
}

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const OTHER_THAN_TEXT = ['number', 'boolean', 'Date', 'number[]', 'string[]'];

/** What a type of db/schema.ts says of its column. A named or literal type is some text. */
function columnOf(type: string): Column {
  const generated = /^Generated<(.*)>$/s.exec(type);
  if (generated !== null) return { ...columnOf(generated[1]!), hasDefault: true };
  const json = /^(JsonDefault|NullableJson|Json)</.exec(type)?.[1];
  if (json !== undefined)
    return { base: 'json', nullable: json === 'NullableJson', hasDefault: json === 'JsonDefault' };
  const parts = type.split('|').map((part) => part.trim());
  const [first] = parts.filter((part) => part !== 'null');
  const base = first !== undefined && OTHER_THAN_TEXT.includes(first) ? first : 'string';
  return { base, nullable: parts.includes('null'), hasDefault: false };
}

function readWritten(source: string): Map<string, Column> {
  const bodies = new Map(
    [...source.matchAll(/interface (\w+) \{\n(.*?)\n\}/gs)].map(([, name, body]) => [name!, body!]),
  );
  const members = (name: string) =>
    [...(bodies.get(name) ?? '').matchAll(/^ {2}(\w+): (.*);$/gm)].map(([, key, type]) => [key!, type!] as const);
  return new Map(
    members('DB').flatMap(([table, type]) =>
      members(type).map(([key, of]) => [`${snake(table)}.${snake(key)}`, columnOf(of)] as const),
    ),
  );
}

/** Where the written schema and the migrated one differ, one sentence each. */
function differences(source: string, real: ReadonlyMap<string, Column>): string[] {
  const written = readWritten(source);
  const missing = [...real.keys()]
    .filter((name) => !written.has(name))
    .map((name) => `${name} is missing in db/schema.ts`);
  const invented = [...written.keys()]
    .filter((name) => !real.has(name))
    .map((name) => `${name} is not in the database`);
  const unlike = [...written].flatMap(([name, column]) => {
    const other = real.get(name);
    if (other === undefined) return [];
    const keys = ['base', 'nullable', 'hasDefault'] as const;
    return keys
      .filter((key) => column[key] !== other[key])
      .map((key) => `${name}: ${key} is ${column[key]}, in the database ${other[key]}`);
  });
  return [...missing, ...invented, ...unlike];
}

test('db/schema.ts is the migrated database: tables, columns, types, nulls and defaults', () => {
  expect(differences(text, migrated)).toEqual([]);
  expect(migrated.size).toBeGreaterThan(100);
});

test.each([
  ['a column left out', '  meetingLink: string;\n', '', ['appointment.meeting_link is missing in db/schema.ts']],
  [
    'a column invented',
    '  meetingLink: string;\n',
    '  meetingLink: string;\n  colour: string;\n',
    ['appointment.colour is not in the database'],
  ],
  [
    'a null forgotten',
    'paidAt: Date | null',
    'paidAt: Date',
    ['appointment.paid_at: nullable is false, in the database true'],
  ],
  [
    'another type',
    'priceMinor: number',
    'priceMinor: string',
    ['appointment.price_minor: base is string, in the database number'],
  ],
  [
    'a default forgotten',
    'version: Generated<number>',
    'version: number',
    ['appointment.version: hasDefault is false, in the database true'],
  ],
  ['a table left out', '  hold: HoldTable;\n', '', expect.arrayContaining(['hold.status is missing in db/schema.ts'])],
])('it would be noticed: %s', (_, from, to, expected) => {
  expect(text).toContain(from);
  expect(differences(text.replace(from, to), migrated)).toEqual(expected);
});
