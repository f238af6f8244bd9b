import { errorOf, type ProblemCode } from '../errors.js';
import { type ApiResponse, codesOf, eachOperation, type MediaType, type OpenApiDocument } from '../openapi-types.js';
import { isProblemCode } from '../problem-responses.js';
import { BY_OPERATION } from './by-operation.js';
import { problemExample } from './problems.js';
import { Sampler } from './sample.js';
import { APPOINTMENT_ID } from './scene.js';

const PROBLEM = 'application/problem+json';
const isOk = (status: string): boolean => status < '300';

function addTo(media: MediaType | undefined, own: unknown, sampler: Sampler): void {
  if (media === undefined || media.example !== undefined) return;
  media.example = own ?? sampler.of(media.schema);
}

/** One example a code, kept once: the responses refer to it. */
function addProblems(document: OpenApiDocument, response: ApiResponse, instance: string): void {
  const media = response.content?.[PROBLEM];
  if (media === undefined) return;
  const examples = (document.components.examples ??= {});
  media.examples = Object.fromEntries(
    codesOf(response)
      .filter((code): code is ProblemCode => isProblemCode(code))
      .map((code) => {
        examples[code] ??= { summary: errorOf(code).message, value: problemExample(code, instance) };
        return [code, { $ref: `#/components/examples/${code}` }];
      }),
  );
}

const withIds = (path: string): string => path.replaceAll('{currency}', 'EUR').replaceAll(/\{\w+\}/g, APPOINTMENT_ID);

/** Gives every body of the document an example, and every problem code of a route one. */
export function addExamples(document: OpenApiDocument): void {
  const sampler = new Sampler(document.components.schemas);
  for (const { path, operation } of eachOperation(document)) {
    const own = BY_OPERATION[operation.operationId] ?? {};
    for (const media of Object.values(operation.requestBody?.content ?? {})) addTo(media, own.request, sampler);
    const answered = Object.entries(operation.responses).filter(([status]) => isOk(status));
    for (const [index, [, { content = {} }]] of answered.entries()) {
      const [first, ...others] = Object.values(content);
      addTo(first, index === 0 ? own.response : undefined, sampler);
      for (const media of others) addTo(media, undefined, sampler);
    }
    for (const response of Object.values(operation.responses)) addProblems(document, response, withIds(path));
  }
}
