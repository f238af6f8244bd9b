import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { codesOf, type OpenApiDocument, type Operation } from './openapi-types.js';

/** For tests only: holds every answer to the OpenAPI document. */

export interface Answered {
  method: string;
  path: string;
  status: number;
  contentType: string | null;
  body: unknown;
}

interface Known {
  pattern: RegExp;
  path: string;
  operations: Record<string, Operation>;
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

/** The document's validator; `components` are found where the document says. */
export function documentAjv(document: OpenApiDocument): Ajv2020 {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: false });
  ajv.addSchema(document, 'document');
  return ajv;
}

const pointer = (...parts: string[]): string =>
  parts.map((part) => `/${encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))}`).join('');

/** Finds what an answer says that the document does not; null when all is as promised. */
export class Conformance {
  private readonly known: Known[];
  private readonly ajv: Ajv2020;
  private readonly validators = new Map<string, ValidateFunction>();

  constructor(document: OpenApiDocument) {
    this.ajv = documentAjv(document);
    // What is fixed comes before what is a parameter: /me/availability, not /{id}/availability.
    const paths = Object.entries(document.paths).toSorted(([a], [b]) => a.split('{').length - b.split('{').length);
    this.known = paths.map(([path, operations]) => {
      const pattern = path
        .split(/\{\w+\}/)
        .map(escaped)
        .join('[^/]+');
      return { pattern: new RegExp(`^${pattern}$`), path, operations };
    });
  }

  objection({ method, path, status, contentType, body }: Answered): string | null {
    const address = path.split('?')[0]!;
    const found = this.known.find(
      ({ pattern, operations }) => pattern.test(address) && method.toLowerCase() in operations,
    );
    if (found === undefined) return null;
    const where = `${method} ${found.path} ${status}`;
    const response = found.operations[method.toLowerCase()]!.responses[status];
    if (response === undefined) return `${where}: the document has no such status (${JSON.stringify(body)})`;
    if (response.content === undefined) return null;
    const media = Object.keys(response.content).find((type) => type === '*/*' || sameType(type, contentType));
    if (media === undefined) return `${where}: the document has no content ${contentType}`;
    if (!/json/.test(media)) return null;
    const { code } = body as { code?: string };
    if (status >= 400 && !codesOf(response).includes(code ?? '')) return `${where}: the document does not list ${code}`;
    const validate = this.validator(found.path, method.toLowerCase(), String(status), media);
    return validate(body) ? null : `${where}: ${this.ajv.errorsText(validate.errors)}`;
  }

  private validator(path: string, method: string, status: string, media: string): ValidateFunction {
    const at = pointer('paths', path, method, 'responses', status, 'content', media, 'schema');
    const validate = this.validators.get(at) ?? this.ajv.compile({ $ref: `document#${at}` });
    this.validators.set(at, validate);
    return validate;
  }
}

/** Throws where an answer of this app is not what its document says; the document is read at the first answer. */
export function conformanceOf(app: { request(path: string): Response | Promise<Response> }) {
  let known: Promise<Conformance> | null = null;
  const read = async () => new Conformance((await (await app.request('/openapi.json')).json()) as OpenApiDocument);
  return {
    async assert(method: string, path: string, answer: { status: number; headers: Headers; body: unknown }) {
      known ??= read();
      const contentType = answer.headers.get('content-type');
      const objection = (await known).objection({ method, path, contentType, ...answer });
      if (objection !== null) throw new Error(`Not as the OpenAPI document says: ${objection}`);
    },
  };
}

const sameType = (listed: string, sent: string | null): boolean =>
  listed.split(';')[0]!.trim() === (sent ?? '').split(';')[0]!.trim();
