import type { JsonSchema } from '../openapi-types.js';
import { BY_SCHEMA } from './by-schema.js';
import { BOOKED_AT } from './scene.js';

const REFERENCE = '#/components/schemas/';

/** Texts that a field's name asks for. */
const BY_NAME: Record<string, unknown> = {
  currency: 'EUR',
  nextCursor: null,
  failureCode: null,
  error: null,
  name: 'Mira Okafor',
  locale: 'en-GB',
  timeZone: 'Europe/Berlin',
  month: '2026-12',
  role: 'admin',
  href: '/v1/appointments/01993f0e-5b7c-7d7e-9d52-0c7a1c1f6a10',
};

const isNullable = (schema: JsonSchema): boolean => Array.isArray(schema['type']) && schema['type'].includes('null');

function typeOf({ type }: JsonSchema): unknown {
  return Array.isArray(type) ? type.find((one) => one !== 'null') : type;
}

/** Makes an example that is valid by the schema, from the examples of its parts. Formats and ranges are kept, patterns are not. */
export class Sampler {
  constructor(private readonly schemas: Record<string, JsonSchema>) {}

  of(schema: JsonSchema, name = ''): unknown {
    const { $ref: reference, example, enum: options, allOf, anyOf } = schema;
    if (typeof reference === 'string') return this.named(reference.slice(REFERENCE.length));
    if (example !== undefined) return example;
    if (schema['const'] !== undefined) return schema['const'];
    if (Array.isArray(options)) return options[0];
    if (Array.isArray(allOf)) return Object.assign({}, ...allOf.map((one: JsonSchema) => this.of(one, name)));
    if (Array.isArray(anyOf)) return this.of(anyOf[0] as JsonSchema, name);
    if (Object.hasOwn(BY_NAME, name) && (BY_NAME[name] !== null || isNullable(schema))) return BY_NAME[name];
    return this.ofType(schema, name);
  }

  private named(name: string): unknown {
    const schema = this.schemas[name] ?? {};
    const written = BY_SCHEMA[name];
    if (written === undefined) return this.of(schema, name);
    const { required = [], properties = {} } = schema as {
      required?: string[];
      properties?: Record<string, JsonSchema>;
    };
    const missing = required.filter((field) => !Object.hasOwn(written, field) && field in properties);
    return { ...written, ...Object.fromEntries(missing.map((field) => [field, this.of(properties[field]!, field)])) };
  }

  private ofType(schema: JsonSchema, name: string): unknown {
    switch (typeOf(schema)) {
      case 'object':
        return this.ofObject(schema);
      case 'array':
        return [this.of((schema['items'] ?? {}) as JsonSchema, name)];
      case 'integer':
      case 'number':
        return schema['minimum'] ?? 1;
      case 'boolean':
        return true;
      case 'string':
        return schema['format'] === 'date-time' ? BOOKED_AT : (name || 'text').slice(0, 20);
      default:
        return {};
    }
  }

  private ofObject({ properties = {} }: JsonSchema): Record<string, unknown> {
    const fields = Object.entries(properties as Record<string, JsonSchema>);
    return Object.fromEntries(fields.map(([name, schema]) => [name, this.of(schema, name)]));
  }
}
