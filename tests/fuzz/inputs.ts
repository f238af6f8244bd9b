import fc from 'fast-check';
import type { OpenApi, Operation, Schema } from './document.js';
import { headerText, hostile, hostileString, rawBody, rawPiece } from './hostile.js';

/** Ids and words of what is there, by the name of the field that takes them. */
export type Pools = Record<string, readonly string[]>;

export interface Input {
  path: string;
  headers: [name: string, value: string][];
  body: string | null;
}

const HOUR_MS = 3_600_000;
const fromNow = (hours: number): string => {
  const wholeHour = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
  return new Date(wholeHour + hours * HOUR_MS).toISOString();
};
const instant = fc.integer({ min: -48, max: 24 * 60 }).map(fromNow);

/** Makes what the document calls valid, with the ids of what is there. */
export class Valid {
  constructor(
    private readonly document: OpenApi,
    private readonly pools: Pools,
  ) {}

  of(schema: Schema | undefined, name = ''): fc.Arbitrary<unknown> {
    const known = this.pools[name];
    if (schema === undefined) return hostile;
    if (schema.$ref !== undefined)
      return this.of(this.document.components.schemas[schema.$ref.split('/').at(-1)!], name);
    if (schema.const !== undefined) return fc.constant(schema.const);
    if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
    if (known !== undefined && known.length > 0 && schema.type !== 'array') return fc.constantFrom(...known);
    const choices = schema.anyOf ?? schema.oneOf;
    if (choices !== undefined) return fc.oneof(...choices.map((one) => this.of(one, name)));
    if (schema.allOf !== undefined) return this.object(this.merged(schema.allOf));
    if (Array.isArray(schema.type)) return fc.oneof(...schema.type.map((type) => this.of({ ...schema, type }, name)));
    return this.plain(schema, name);
  }

  private plain(schema: Schema, name: string): fc.Arbitrary<unknown> {
    const { minimum = -10, maximum = 100_000 } = schema;
    switch (schema.type) {
      case 'integer':
        return fc.integer({ min: Math.max(minimum, -(2 ** 31)), max: Math.min(maximum, 2 ** 31) });
      case 'number':
        return fc.double({ min: minimum, max: maximum, noNaN: true });
      case 'boolean':
        return fc.boolean();
      case 'null':
        return fc.constant(null);
      case 'array': {
        const { minItems: minLength = 0, maxItems = 5 } = schema;
        const item = this.of(schema.items, name.replace(/s$/, ''));
        return fc.array(item, { minLength, maxLength: Math.max(minLength, Math.min(maxItems, 6)) });
      }
      case 'object':
        return this.object(schema);
      case 'string':
        return this.string(schema);
      default:
        return hostile;
    }
  }

  private string({ format, pattern, minLength = 0, maxLength = 60 }: Schema): fc.Arbitrary<string> {
    if (format === 'date-time') return instant;
    if (format === 'uuid') return fc.uuid();
    if (format === 'uri' || format === 'url')
      return fc.constantFrom('https://hooks.example.com/in', 'http://127.0.0.1:9/');
    if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern));
    return fc.string({ minLength, maxLength: Math.max(minLength, Math.min(maxLength, 60)) });
  }

  private merged(all: Schema[]): Schema {
    const resolved = all.map(({ $ref, ...own }) =>
      $ref === undefined ? own : this.document.components.schemas[$ref.split('/').at(-1)!]!,
    );
    const required = resolved.flatMap((one) => one.required ?? []);
    return { type: 'object', properties: Object.assign({}, ...resolved.map((one) => one.properties ?? {})), required };
  }

  private object({ properties = {}, required = [] }: Schema): fc.Arbitrary<unknown> {
    const fields = Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, this.of(one, name)]));
    return fc.record(fields, { requiredKeys: required.filter((name) => name in fields) });
  }
}

type Place = { holder: Record<string, unknown>; key: string };

/** Every field of a value, at any depth. */
function placesOf(value: unknown): Place[] {
  if (typeof value !== 'object' || value === null) return [];
  const holder = value as Record<string, unknown>;
  return Object.keys(holder).flatMap((key) => [{ holder, key }, ...placesOf(holder[key])]);
}

interface Mutation {
  at: number;
  how: 'replace' | 'drop' | 'add';
  key: string;
  by: unknown;
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.nat(1_000),
  how: fc.constantFrom('replace', 'replace', 'drop', 'add'),
  key: fc.oneof(fc.constantFrom('id', 'role', 'status', 'constructor', 'toString', 'amountMinor'), hostileString),
  by: hostile,
});

/** A value with one thing or two that are not as they should be. */
function mutated(value: unknown, mutations: readonly Mutation[]): unknown {
  const copy: unknown = structuredClone(value);
  for (const { at, how, key, by: given } of mutations) {
    const places = placesOf(copy);
    const by = structuredClone(given); // what is generated is everybody's
    const own = { value: by, enumerable: true, writable: true, configurable: true };
    if (how === 'add' && typeof copy === 'object' && copy !== null) Object.defineProperty(copy, key, own);
    if (places.length === 0) continue;
    const place = places[at % places.length]!;
    if (how === 'replace') place.holder[place.key] = by;
    if (how === 'drop') delete place.holder[place.key];
  }
  return copy;
}

const encoded = (value: unknown): string =>
  encodeURIComponent((typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).toWellFormed());

const nearValid = (valid: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 6, arbitrary: valid }, { weight: 1, arbitrary: hostile });

function pathOf(operation: Operation, valid: Valid): fc.Arbitrary<string> {
  const pieces = operation.path.split('/').map((piece) => {
    const name = /^\{(\w+)\}$/.exec(piece)?.[1];
    if (name === undefined) return fc.constant(piece);
    const schema = operation.parameters.find((one) => one.in === 'path' && one.name === name)?.schema;
    // `id` means something else on every route: /v1/appointments/{id} is `appointments.id`.
    const holder = operation.path.split('/{')[0]!.split('/').at(-1)!;
    const byName = name === 'id' ? `${holder}.id` : name;
    return fc.oneof(
      { weight: 12, arbitrary: valid.of(schema ?? { type: 'string' }, byName).map(encoded) },
      { weight: 1, arbitrary: hostileString.map(encoded) },
      { weight: 1, arbitrary: rawPiece.map((raw) => raw.replaceAll('?', '').replaceAll('#', '')) },
    );
  });
  return fc.tuple(...pieces).map((all) => all.join('/'));
}

function queryOf(operation: Operation, valid: Valid): fc.Arbitrary<string> {
  const fields = operation.parameters.filter((one) => one.in === 'query');
  const asked = fields.map(({ name, schema, required }) =>
    fc.option(nearValid(valid.of(schema, name)), { freq: required === true ? 15 : 2 }).map((value) => {
      return value === null ? [] : [`${encoded(name)}=${encoded(value)}`];
    }),
  );
  const odd = fc.option(fc.tuple(fc.oneof(rawPiece, fc.constantFrom('limit', 'a')), rawPiece), { freq: 12 });
  return fc.tuple(fc.tuple(...asked), odd).map(([known, more]) => {
    const all = [...known.flat(), ...(more === null ? [] : [`${more[0]}=${more[1]}`])];
    return all.length === 0 ? '' : `?${all.join('&')}`;
  });
}

const key = fc.oneof(
  { weight: 8, arbitrary: fc.uuid() },
  { weight: 2, arbitrary: fc.constantFrom('one', 'two', 'three') },
  { weight: 1, arbitrary: headerText },
);
const ODD_HEADERS = [
  'accept',
  'if-match',
  'if-none-match',
  'last-event-id',
  'origin',
  'x-request-id',
  'x-forwarded-for',
  'cookie',
  'authorization',
  'accept-language',
  'x-http-method-override',
  'sec-fetch-site',
] as const;

function headersOf({ parameters, method }: Operation, valid: Valid): fc.Arbitrary<Input['headers']> {
  const fields = parameters.filter((one) => one.in === 'header' && one.name !== 'idempotency-key');
  const own = fields.map(({ name, schema }) =>
    fc.option(valid.of(schema, name), { freq: 2 }).map((value): Input['headers'] => {
      return value === null
        ? []
        : [
            [
              name,
              (typeof value === 'string' ? value : JSON.stringify(value)).replaceAll(
                /[^\t\u0020-\u007e\u0080-\u00ff]/g,
                '',
              ),
            ],
          ];
    }),
  );
  const keyed = fc.option(key, { freq: method === 'POST' ? 12 : 1 }).map((one): Input['headers'] => {
    return one === null ? [] : [['idempotency-key', one]];
  });
  const odd = fc.option(fc.tuple(fc.constantFrom(...ODD_HEADERS), headerText), { freq: 10 });
  return fc.tuple(fc.tuple(...own), keyed, odd).map(([known, idempotency, more]) => {
    return [...known.flat(), ...idempotency, ...(more === null ? [] : [more])];
  });
}

const mediaTypes = fc.constantFrom(
  'text/plain',
  'application/xml',
  'application/json; charset=utf-16',
  '',
  'a/b/c',
  'multipart/form-data',
);

function bodyOf(operation: Operation, valid: Valid): fc.Arbitrary<{ type: string; body: string } | null> {
  const [[type, media] = []] = Object.entries(operation.bodies);
  if (type === undefined) {
    // Where the document has no body, none of a mebibyte: what refuses it there is the door, before any operation.
    const small = rawBody.filter((body) => body.length < 1_000_000);
    return fc.option(
      small.map((body) => ({ type: 'application/json', body })),
      { freq: 1 },
    );
  }
  const good = valid.of(media!.schema);
  const written = fc.oneof(
    { weight: 8, arbitrary: good },
    {
      weight: 6,
      arbitrary: fc
        .tuple(good, fc.array(mutation, { minLength: 1, maxLength: 2 }))
        .map(([value, all]) => mutated(value, all)),
    },
    { weight: 1, arbitrary: hostile },
  );
  const text = fc.oneof(
    { weight: 12, arbitrary: written.map((value) => JSON.stringify(value) ?? '') },
    { weight: 1, arbitrary: rawBody },
  );
  const sent = fc.tuple(
    fc.oneof({ weight: 15, arbitrary: fc.constant(type) }, { weight: 1, arbitrary: mediaTypes }),
    text,
  );
  return fc.option(
    sent.map(([mediaType, body]) => ({ type: mediaType, body })),
    { freq: 20 },
  );
}

/** Requests to one operation: valid, nearly so, and hostile. */
export function inputsOf(operation: Operation, valid: Valid): fc.Arbitrary<Input> {
  const parts = fc.tuple(
    pathOf(operation, valid),
    queryOf(operation, valid),
    headersOf(operation, valid),
    bodyOf(operation, valid),
  );
  return parts.map(([path, query, headers, body]) => ({
    path: `${path}${query}`,
    headers: body === null || body.type === '' ? headers : [...headers, ['content-type', body.type]],
    body: body?.body ?? null,
  }));
}
