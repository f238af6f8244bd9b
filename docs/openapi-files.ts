import { readFile, writeFile } from 'node:fs/promises';
import type { ApiResponse, OpenApiDocument } from '../api/openapi-types.js';

/** The committed twins of the document. docs/api.md, "Changing it", says who writes them when. */

/** As this code answers it; written by `npm run docs`. */
export const CURRENT = new URL('openapi.json', import.meta.url);
/** As the last release answered it; moved by `npm run release:api` alone. */
export const RELEASED = new URL('openapi.released.json', import.meta.url);
/** What was broken on purpose since then; written by hand. */
export const BREAKS = new URL('openapi-breaks.json', import.meta.url);

export interface Released {
  version: string;
  document: OpenApiDocument;
}

/** A break that was meant: the sentence that the check says, and why it has to be. */
export interface AcknowledgedBreak {
  change: string;
  reason: string;
}

export async function readJson<T>(file: URL): Promise<T> {
  return JSON.parse(await readFile(file, 'utf8')) as T;
}

/** @returns whether anything has changed */
export async function writeJson(file: URL, value: unknown): Promise<boolean> {
  const after = `${JSON.stringify(value, null, 2)}\n`;
  const before = await readFile(file, 'utf8').catch(() => '');
  if (before === after) return false;
  await writeFile(file, after);
  return true;
}

const mapValues = <T, U>(record: Record<string, T>, change: (value: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));

type ResponseOrReference = ApiResponse & { $ref?: string };

function withResponses(
  { paths }: OpenApiDocument,
  change: (status: string, response: ResponseOrReference) => ResponseOrReference,
): OpenApiDocument['paths'] {
  return mapValues(paths, (operations) =>
    mapValues(operations, (operation) => {
      const responses = Object.entries(operation.responses).map(([status, one]) => [status, change(status, one)]);
      return { ...operation, responses: Object.fromEntries(responses) as Record<string, ApiResponse> };
    }),
  );
}

/** The same document with each problem's response written once: a quarter of the lines. */
export function fold(document: OpenApiDocument): OpenApiDocument {
  const responses: Record<string, ApiResponse> = {};
  const paths = withResponses(document, (status, response) => {
    const codes = Object.keys(response.content?.['application/problem+json']?.examples ?? {});
    if (codes.length === 0) return response;
    const name = [status, ...codes].join('.');
    responses[name] ??= response;
    return { $ref: `#/components/responses/${name}` } as ResponseOrReference;
  });
  return { ...document, paths, components: { ...document.components, responses } };
}

/** Undoes it. */
export function unfold(document: OpenApiDocument): OpenApiDocument {
  const { responses = {}, ...components } = document.components;
  const paths = withResponses(document, (_, response) =>
    response.$ref === undefined ? response : responses[response.$ref.split('/').at(-1)!]!,
  );
  return { ...document, paths, components };
}
