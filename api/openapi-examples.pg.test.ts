import type { Ajv2020, ValidateFunction } from 'ajv/dist/2020.js';
import { beforeAll, expect, test } from 'vitest';
import { describeApi } from '../docs/openapi-document.js';
import { errorOf, PROBLEM_CODES } from './errors.js';
import { codesOf, eachOperation, type MediaType, type OpenApiDocument } from './openapi-types.js';
import { isProblemCode } from './problem-responses.js';
import { documentAjv } from './test-conformance.js';

let document: OpenApiDocument;
let ajv: Ajv2020;
beforeAll(async () => {
  document = (await describeApi()) as OpenApiDocument;
  ajv = documentAjv(document);
});

const pointer = (...parts: string[]): string =>
  parts.map((part) => `/${encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))}`).join('');

const compiled = new Map<string, ValidateFunction>();

function faultOf(at: string, value: unknown): string | null {
  const validate = compiled.get(at) ?? ajv.compile({ $ref: `document#${at}` });
  compiled.set(at, validate);
  return validate(value) ? null : `${at}: ${ajv.errorsText(validate.errors)}`;
}

interface Body {
  at: string;
  media: MediaType;
}

/** Every body of the document that is not a problem. */
function bodies(): Body[] {
  return eachOperation(document).flatMap(({ path, method, operation }) => {
    const sent = Object.entries(operation.requestBody?.content ?? {}).map(([type, media]) => {
      return { at: pointer('paths', path, method, 'requestBody', 'content', type, 'schema'), media };
    });
    const answered = Object.entries(operation.responses).flatMap(([status, { content = {} }]) =>
      Object.entries(content).map(([type, media]) => {
        return { at: pointer('paths', path, method, 'responses', status, 'content', type, 'schema'), media };
      }),
    );
    return [...sent, ...answered.filter(({ media }) => media.examples === undefined)];
  });
}

test('every body has an example, and every example is valid by its schema', () => {
  const all = bodies().filter(({ at }) => !at.includes('problem%2Bjson'));
  expect(all.length).toBeGreaterThan(80);
  for (const { at, media } of all) {
    const { example = (media.schema as { example?: unknown }).example } = media;
    expect(example, at).toBeDefined();
    expect(faultOf(at, example)).toBeNull();
  }
});

test('an example that is wrong is found', () => {
  const at = pointer('paths', '/v1/appointments', 'post', 'responses', '201', 'content', 'application/json', 'schema');
  const { example } = document.paths['/v1/appointments']!['post']!.responses['201']!.content!['application/json']!;
  expect(faultOf(at, example)).toBeNull();
  expect(faultOf(at, { ...(example as object), status: 'wishful' })).toContain('status');
});

test('every response of a problem lists its codes, each of the one table and of its status, with an example each', () => {
  const listed = new Set<string>();
  for (const { path, method, operation } of eachOperation(document)) {
    for (const [status, response] of Object.entries(operation.responses)) {
      if (status < '400') continue;
      const where = `${method} ${path} ${status}`;
      const codes = codesOf(response);
      expect(codes.length, where).toBeGreaterThan(0);
      const media = response.content!['application/problem+json']!;
      expect(Object.keys(media.examples ?? {}), where).toEqual(codes);
      const at = pointer('paths', path, method, 'responses', status, 'content', 'application/problem+json', 'schema');
      for (const code of codes) {
        listed.add(code);
        if (!isProblemCode(code)) throw new Error(`${where} lists ${code}, which is in no table`);
        expect(String(errorOf(code).status), `${where} ${code}`).toBe(status);
        expect(faultOf(at, document.components.examples![code]!.value)).toBeNull();
      }
    }
  }
  // Never answered on purpose, or by no route of its own.
  const unlisted = PROBLEM_CODES.filter((code) => !listed.has(code));
  expect(UNLISTED).toEqual(expect.arrayContaining(unlisted));
});

/** Said by timelines, workflows and the HTTP server itself; the rest are nets under the routes. */
const UNLISTED = [
  'amount_mismatch',
  'booking_malformed',
  'conflict',
  'internal',
  'message_malformed',
  'request_timeout',
  'headers_too_large',
  'request_unreadable',
];
