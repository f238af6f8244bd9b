import fc from 'fast-check';

/** What nobody sends by mistake alone. */

const STRINGS = [
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\ud800',
  'x\udfff',
  '\u202e\u200bevil',
  '👩‍👩‍👧',
  'e\u0301'.repeat(50),
  '__proto__',
  'constructor',
  "'; drop table appointment; --",
  '../../etc/passwd',
  '%00',
  '${jndi:ldap://x}',
  '<script>alert(1)</script>',
  '\r\nset-cookie: a=b',
  'x'.repeat(5_000),
  '-1',
  '1e999',
  'NaN',
  'null',
  '0x10',
  '2026-02-30T10:00:00Z',
  '2026-01-01T00:00:00',
  '+275760-09-13T00:00:00Z',
  '9999-12-31T23:59:59.999999999Z',
  '0000-00-00T00:00:00Z',
  '-271821-04-20T00:00:00Z',
  '00000000-0000-0000-0000-000000000000',
  'ffffffff-ffff-ffff-ffff-ffffffffffff',
] as const;

const NUMBERS = [
  0,
  -0,
  -1,
  1,
  0.5,
  1e-300,
  1e21,
  1e308,
  -1e308,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  -(2 ** 53),
  2 ** 63,
] as const;

const nested = (depth: number): unknown => {
  let value: unknown = 'deep';
  for (let n = 0; n < depth; n += 1) value = n % 2 === 0 ? [value] : { a: value };
  return value;
};
/** An own key, as `JSON.parse` makes it. */
const polluting: unknown = JSON.parse('{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"role":"admin"}}}');

export const hostileString: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...STRINGS) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 300 }) },
);

export const hostile: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: hostileString },
  { weight: 3, arbitrary: fc.constantFrom<unknown>(...NUMBERS) },
  {
    weight: 2,
    arbitrary: fc.constantFrom<unknown>(null, true, false, [], {}, [[]], polluting, nested(200), nested(3)),
  },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 1, arbitrary: fc.double() },
  { weight: 1, arbitrary: fc.constant<unknown>(Array.from({ length: 500 }, (_, n) => n)) },
);

/** Bodies that are no JSON, or such as no `JSON.stringify` writes. */
export const rawBody: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    '',
    '{',
    'null',
    '"',
    '{"a":1,}',
    '{"rating":5,"rating":"x"}',
    '{"__proto__":{"rating":5}}',
    '{"amountMinor":1e400}',
    '{"amountMinor":123456789012345678901234567890}',
    '\ufeff{}',
    '{"reason":"\\ud800\\u0000"}',
    '{"reason":"\u0000"}',
    '[1,2',
    '['.repeat(20_000),
    `${'['.repeat(5_000)}${']'.repeat(5_000)}`,
    `{"reason":"${'r'.repeat(200_000)}"}`,
    `{"reason":"${'r'.repeat(1_100_000)}"}`,
    'a=1&b=2',
  ),
  fc.string({ unit: 'binary', maxLength: 100 }),
);

/** Pieces of a path or a query that are written as they are: only characters that Node sends. */
export const rawPiece: fc.Arbitrary<string> = fc.constantFrom(
  '%00',
  '%',
  '%zz',
  '%ED%A0%80',
  '%FF%FE',
  '..%2f..%2f',
  '%2e%2e',
  'x'.repeat(3_000),
  '%F0%9F%91%A9',
  '__proto__',
  'constructor',
  'undefined',
  "'--",
  ';',
  '&&',
  '[]',
  '%0d%0aset-cookie:%20a=b',
  '0',
  '-1',
  '99999999999999999999',
);

const FOR_HEADERS = /[^\t\u0020-\u007e\u0080-\u00ff]/g;
/** What Node lets into a header. */
export const headerText: fc.Arbitrary<string> = fc.oneof(
  hostileString.map((text) => text.replaceAll(FOR_HEADERS, '').slice(0, 1_000)),
  fc.constantFrom('"quoted"', 'é'.repeat(50), 'k'.repeat(300), '*', 'W/"1"', '"1", "2"', '0', '-1', '1e9', 'a,b', ','),
);
