import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { PROBLEM_CODES } from '../../api/errors.js';

/** JSON Schema 2020-12 as the document has it. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  items?: Schema;
  minItems?: number;
  maxItems?: number;
  properties?: Record<string, Schema>;
  required?: string[];
  format?: string;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
}

interface Responses {
  [status: string]: { content?: Record<string, { schema?: Schema }> };
}

export interface Operation {
  method: string;
  /** As in the document, with `{id}`. */
  path: string;
  parameters: { name: string; in: string; required?: boolean; schema?: Schema }[];
  bodies: Record<string, { schema?: Schema }>;
  responses: Responses;
}

export interface OpenApi {
  paths: Record<string, Record<string, Record<string, unknown>>>;
  components: { schemas: Record<string, Schema> };
}

/** Every operation of the document. */
export function operationsOf({ paths }: OpenApi): Operation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, given]) => {
      const {
        parameters = [],
        requestBody,
        responses,
      } = given as Partial<Operation> & {
        requestBody?: { content: Operation['bodies'] };
      };
      return {
        method: method.toUpperCase(),
        path,
        parameters,
        bodies: requestBody?.content ?? {},
        responses: responses!,
      };
    }),
  );
}

/**
 * Which operation an address belongs to once it is read as an address: a name that is empty or two dots makes it another
 * one's, or nobody's (undefined).
 */
export function operationAt(operations: readonly Operation[], method: string, path: string): Operation | undefined {
  const { pathname } = new URL(path, 'http://api.test');
  const parts = pathname.split('/');
  const fits = ({ method: own, path: pattern }: Operation) => {
    const wanted = pattern.split('/');
    const isPart = (part: string, at: number) => (part.startsWith('{') ? parts[at] !== '' : part === parts[at]);
    return own.toLowerCase() === method.toLowerCase() && wanted.length === parts.length && wanted.every(isPart);
  };
  const names = ({ path: pattern }: Operation) => pattern.split('{').length;
  return operations.filter(fits).toSorted((a, b) => names(a) - names(b))[0];
}

export interface Answer {
  status: number;
  contentType: string;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

const plain = (mediaType: string): string => mediaType.split(';')[0]!.trim().toLowerCase();
const escaped = (part: string): string => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));

/** Finds where an answer is not what the document promises. */
export class Promises {
  private readonly ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  private readonly validators = new Map<string, ValidateFunction>();

  constructor(document: OpenApi) {
    this.ajv.addSchema(document, 'document');
  }

  /** What is wrong with the answer; null where nothing is. @param operation undefined where nobody lives at the address */
  broken(operation: Operation | undefined, answer: Answer): string | null {
    const { status, contentType, text } = answer;
    if (status >= 500 && status !== 502 && status !== 503) return `answers ${status}`;
    if (operation === undefined) return status >= 400 ? null : `${status} from an address that is nobody's`;
    const promised = operation.responses[String(status)];
    if (promised === undefined)
      return `${status} is not listed: ${/"code":"(\w+)"/.exec(text)?.[1] ?? text.slice(0, 300)}`;
    const { content } = promised;
    if (content === undefined || (status === 304 && text === ''))
      return text === '' ? null : `${status} should be empty`;
    const mediaType = Object.keys(content).find((one) => one === '*/*' || plain(one) === plain(contentType));
    if (mediaType === undefined)
      return `${status} is ${contentType || 'of no type'}, not ${Object.keys(content).join()}`;
    if (!plain(contentType).endsWith('json')) return null;
    return this.brokenBody(operation, answer, mediaType);
  }

  private brokenBody({ method, path }: Operation, { status, headers, text }: Answer, mediaType: string): string | null {
    let body: unknown;
    try {
      body = JSON.parse(text);
    } catch {
      return `${status} is not JSON: ${text.slice(0, 300)}`;
    }
    if (status >= 400) {
      const { code, remedy } = body as { code?: string; remedy?: string };
      if (!(PROBLEM_CODES as string[]).includes(code ?? '')) return `${status} has the code ${code}`;
      if (typeof remedy !== 'string' || remedy === '') return `${code} has no remedy`;
      const comesBack = status === 503 || status === 429;
      if (comesBack && !/^[1-9]\d*$/.test(String(headers['retry-after']))) return `${code} has no Retry-After`;
    }
    const place = ['paths', path, method.toLowerCase(), 'responses', String(status), 'content', mediaType, 'schema'];
    const ref = `document#/${place.map(escaped).join('/')}`;
    const validate = this.validators.get(ref) ?? this.ajv.compile({ $ref: ref });
    this.validators.set(ref, validate);
    return validate(body) ? null : `${status}: ${this.ajv.errorsText(validate.errors)}: ${text.slice(0, 300)}`;
  }
}
