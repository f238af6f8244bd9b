import type { JsonSchema } from '../api/openapi-types.js';

/** Where two schemas stand: `request` is what callers send, `response` what they read. */
export type Direction = 'request' | 'response';

/** A document's components, for its references. */
export type Components = Record<string, JsonSchema>;

interface Sides {
  direction: Direction;
  before: Components;
  after: Components;
}

const PREFIX = '#/components/schemas/';
const DEEPEST = 12;

/** Follows a reference, and makes one object of `allOf`. */
export function resolve(schema: JsonSchema, components: Components): JsonSchema {
  const { $ref: reference, allOf, ...own } = schema;
  if (typeof reference === 'string') return resolve(components[reference.slice(PREFIX.length)] ?? {}, components);
  if (!Array.isArray(allOf)) return schema;
  const parts = [...(allOf as JsonSchema[]).map((part) => resolve(part, components)), own];
  return parts.reduce((whole, part) => ({
    ...whole,
    ...part,
    properties: { ...(whole['properties'] as object), ...(part['properties'] as object) },
    required: [...listOf(whole['required']), ...listOf(part['required'])],
  }));
}

const listOf = (value: unknown): string[] => (Array.isArray(value) ? (value as string[]) : []);

function typesOf({ type, enum: options, const: constant }: JsonSchema): string[] | null {
  if (type !== undefined) return Array.isArray(type) ? (type as string[]) : [type as string];
  const values = options === undefined ? (constant === undefined ? [] : [constant]) : listOf(options);
  return values.length === 0 ? null : [...new Set(values.map((value) => typeof value))];
}

function valuesOf({ enum: options, const: constant }: JsonSchema): string[] | null {
  if (constant !== undefined) return [JSON.stringify(constant)];
  return Array.isArray(options) ? options.map((value) => JSON.stringify(value)) : null;
}

/** An integer is a number, too. */
const covers = (types: readonly string[], type: string): boolean =>
  types.includes(type) || (type === 'integer' && types.includes('number'));

/** What `narrow` allows and `wide` does not; null on either side: everything. */
function beyond(narrow: string[] | null, wide: string[] | null, covered = includes): string[] {
  if (wide === null) return [];
  return narrow === null ? ['anything'] : narrow.filter((one) => !covered(wide, one));
}
const includes = (all: readonly string[], one: string): boolean => all.includes(one);

/** Bounds that callers' values must keep: which way each is tighter. */
const BOUNDS = {
  maximum: 'less',
  exclusiveMaximum: 'less',
  maxLength: 'less',
  maxItems: 'less',
  minimum: 'more',
  exclusiveMinimum: 'more',
  minLength: 'more',
  minItems: 'more',
} as const;

function tightened(before: JsonSchema, after: JsonSchema): string[] {
  const bounds = Object.entries(BOUNDS).flatMap(([name, tighter]) => {
    const [was, is] = [before[name], after[name]];
    if (typeof is !== 'number' || was === is) return [];
    const isTighter = typeof was !== 'number' || (tighter === 'less' ? is < was : is > was);
    return isTighter ? [`${name} was ${typeof was === 'number' ? was : 'not set'} and is ${is}`] : [];
  });
  const { pattern } = after;
  return pattern === undefined || pattern === before['pattern']
    ? bounds
    : [...bounds, `has to match another pattern, ${JSON.stringify(pattern)}`];
}

function valueBreaks(before: JsonSchema, after: JsonSchema, direction: Direction): string[] {
  const [was, is] = [typesOf(before), typesOf(after)];
  if (direction === 'request') {
    const types = beyond(was, is, covers).map((type) => `no longer takes ${type}`);
    const values = beyond(valuesOf(before), valuesOf(after)).map((value) => `no longer takes the value ${value}`);
    return [...types, ...values, ...tightened(before, after)];
  }
  const types = beyond(is, was, covers).map((type) => `may now be ${type}`);
  // A new value of an enum is an addition; that any text may come is not.
  const isOpened = valuesOf(before) !== null && valuesOf(after) === null;
  return isOpened ? [...types, 'may now have any value'] : types;
}

function fieldBreaks(before: JsonSchema, after: JsonSchema, direction: Direction): string[] {
  const [was, is] = [propertiesOf(before), propertiesOf(after)];
  const gone = Object.keys(was).filter((name) => !(name in is));
  const [required, requires] = [listOf(before['required']), listOf(after['required'])];
  if (direction === 'request') {
    const demanded = requires.filter((name) => !required.includes(name));
    return [
      ...gone.map((name) => `no longer takes the field ${name}`),
      ...demanded.map((name) => `now requires the field ${name}`),
    ];
  }
  const uncertain = required.filter((name) => name in is && !requires.includes(name));
  return [
    ...gone.map((name) => `lost the field ${name}`),
    ...uncertain.map((name) => `may now be without the field ${name}`),
  ];
}

const propertiesOf = ({ properties }: JsonSchema): Record<string, JsonSchema> =>
  (properties ?? {}) as Record<string, JsonSchema>;

const alternativesOf = ({ anyOf, oneOf }: JsonSchema): JsonSchema[] | null =>
  ((anyOf ?? oneOf) as JsonSchema[] | undefined) ?? null;

/** With alternatives: each that was sent must still be taken, each that comes must have been among those that came. */
function alternativeBreaks(before: JsonSchema, after: JsonSchema, sides: Sides, at: string, depth: number): string[] {
  const was = alternativesOf(before) ?? [before];
  const is = alternativesOf(after) ?? [after];
  const fits = (one: JsonSchema, other: JsonSchema) => schemaBreaks(one, other, sides, at, depth + 1).length === 0;
  return sides.direction === 'request'
    ? was.filter((one) => !is.some((other) => fits(one, other))).map(() => `${at}: no longer takes one of its forms`)
    : is.filter((other) => !was.some((one) => fits(one, other))).map(() => `${at}: may now have another form`);
}

/** What of `after` breaks those who were written for `before`, as sentences that begin with the place. */
export function schemaBreaks(given: JsonSchema, now: JsonSchema, sides: Sides, at: string, depth = 0): string[] {
  if (depth > DEEPEST) return [];
  const before = resolve(given, sides.before);
  const after = resolve(now, sides.after);
  if (alternativesOf(before) !== null || alternativesOf(after) !== null)
    return alternativeBreaks(before, after, sides, at, depth);
  const own = [...valueBreaks(before, after, sides.direction), ...fieldBreaks(before, after, sides.direction)];
  const [was, is] = [propertiesOf(before), propertiesOf(after)];
  const shared = Object.keys(was).filter((name) => name in is);
  const inner = shared.flatMap((name) => schemaBreaks(was[name]!, is[name]!, sides, `${at}.${name}`, depth + 1));
  const [item, itemNow] = [before['items'], after['items']];
  const items =
    item === undefined || itemNow === undefined
      ? []
      : schemaBreaks(item as JsonSchema, itemNow as JsonSchema, sides, `${at}[]`, depth + 1);
  return [...own.map((what) => `${at}: ${what}`), ...inner, ...items];
}
