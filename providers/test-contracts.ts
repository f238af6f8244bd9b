import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv, type ValidateFunction } from 'ajv';

/** For tests only: the vendors' published descriptions, beside the checkout unless CONTRACTS_DIR says otherwise. */
export const CONTRACTS_DIR =
  process.env['CONTRACTS_DIR'] ?? join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'shared', 'contracts');
export const hasContracts = existsSync(CONTRACTS_DIR);

export function readContract<T = unknown>(path: string): T {
  return JSON.parse(readFileSync(join(CONTRACTS_DIR, path), 'utf8')) as T;
}

/** A request as it was on the wire. */
export interface WireRequest {
  method: string;
  /** Path and query. */
  url: string;
  body: string;
}

interface Operation {
  parameters?: { name: string; in: string; required?: boolean; schema: object }[];
  requestBody?: { content: Record<string, { schema: { properties?: Record<string, unknown> } }> };
}
interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
}

/** Checks form-encoded requests against an OpenAPI document: the path, every name, every value. */
export class RequestContract {
  private readonly ajv = new Ajv({ strict: false, coerceTypes: true, validateFormats: false, allErrors: true });
  private readonly paths: OpenApi['paths'];

  constructor(path: string) {
    const document = readContract<OpenApi>(path);
    this.paths = document.paths;
    this.ajv.addSchema(document, 'contract');
  }

  /** What is wrong with the request; empty when nothing is. */
  complaints(request: WireRequest): string[] {
    const { pathname, searchParams } = new URL(request.url, 'http://contract');
    const template = this.templateOf(pathname);
    const method = request.method.toLowerCase();
    const operation = template === null ? undefined : this.paths[template]?.[method];
    if (template === null || !operation) return [`${request.method} ${pathname} is not described`];
    const prefix = `contract#/paths/${pointer(template)}/${method}`;
    return [
      ...this.queryComplaints(operation, searchParams, prefix),
      ...this.bodyComplaints(operation, request.body, prefix),
    ];
  }

  private queryComplaints(operation: Operation, query: URLSearchParams, prefix: string): string[] {
    return [...decodeEntries(query)].flatMap(([name, value]) => {
      const index = operation.parameters?.findIndex((one) => one.in === 'query' && one.name === name) ?? -1;
      if (index < 0) return [`query ${name} is not described`];
      return this.errorsOf({ $ref: `${prefix}/parameters/${index}/schema` }, value).map(
        (error) => `query ${name}${error}`,
      );
    });
  }

  private bodyComplaints(operation: Operation, body: string, prefix: string): string[] {
    if (body === '') return [];
    const form = Object.fromEntries(decodeEntries(new URLSearchParams(body)));
    const media = 'application/x-www-form-urlencoded';
    const schema = operation.requestBody?.content[media]?.schema;
    if (!schema) return ['a body is not described'];
    const unknown = Object.keys(form).filter((name) => !(name in (schema.properties ?? {})));
    const errors = this.errorsOf({ $ref: `${prefix}/requestBody/content/${pointer(media)}/schema` }, form);
    return [...unknown.map((name) => `body ${name} is not described`), ...errors.map((error) => `body${error}`)];
  }

  private errorsOf(schema: object, value: unknown): string[] {
    const validate: ValidateFunction = this.ajv.compile({
      type: 'object',
      properties: { value: schema },
    });
    if (validate({ value })) return [];
    return (validate.errors ?? []).map((error) => `${error.instancePath.replace('/value', '')} ${error.message}`);
  }

  private templateOf(pathname: string): string | null {
    const matching = Object.keys(this.paths).filter((template) =>
      new RegExp(`^${template.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(pathname),
    );
    return matching.toSorted((a, b) => a.split('{').length - b.split('{').length)[0] ?? null;
  }
}

function pointer(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
}

/** `a[b]=1` becomes `a: { b: '1' }`, one level deep: we send nothing deeper. */
function decodeEntries(encoded: URLSearchParams): Map<string, unknown> {
  const decoded = new Map<string, unknown>();
  for (const [key, value] of encoded) {
    const [, name = key, inner] = /^([^[]+)\[([^\]]+)\]$/.exec(key) ?? [];
    if (inner === undefined) decoded.set(name, value);
    else if (/^\d*$/.test(inner)) decoded.set(name, [...((decoded.get(name) as unknown[] | undefined) ?? []), value]);
    else decoded.set(name, { ...(decoded.get(name) as object | undefined), [inner]: value });
  }
  return decoded;
}
