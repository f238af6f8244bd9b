import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { Refused } from '../domain/refusals.js';
import { ProviderError } from '../providers/types.js';
import { fromPostgres } from './database-errors.js';
import { errorOf, type FieldError, Problem, type ProblemCode } from './errors.js';
import { fromTemporal } from './temporal-errors.js';

/** RFC 9457, with what every error of ours has: a stable code and a remedy. */
export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  code: ProblemCode;
  remedy: string;
  errors?: FieldError[];
  [fact: string]: unknown;
}

/** Thrown to answer a repeated request with the problem that answered the first. */
export class RepeatedProblem extends Error {
  override readonly name = 'RepeatedProblem';
  constructor(readonly body: ProblemBody) {
    super(body.detail);
  }
}

function fromHttpException({ status }: HTTPException): Problem {
  if (status === 413) return new Problem('body_too_large');
  if (status === 415) return new Problem('media_type_unsupported');
  return new Problem(status === 400 ? 'body_unreadable' : 'internal');
}

function fromProvider(error: ProviderError): Problem {
  if (error.code === 'signature_invalid') return new Problem('signature_invalid');
  if (error.code === 'body_unreadable') return new Problem('event_unreadable');
  return new Problem(error.retryable ? 'provider_unavailable' : 'provider_refused', { cause: error });
}

/** Whatever was thrown, as a problem; `internal` for what nobody foresaw. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof Refused) return new Problem(error.code, { facts: error.facts });
  if (error instanceof HTTPException) return fromHttpException(error);
  if (error instanceof ProviderError) return fromProvider(error);
  return fromTemporal(error) ?? fromPostgres(error) ?? new Problem('internal', { cause: error });
}

/** The body of a problem at an address. */
export function problemBody(problem: Problem, instance: string): ProblemBody {
  const { status, message, remedy } = errorOf(problem.code);
  const { facts, errors } = problem.extra;
  const words = problem.code.replaceAll('_', ' ');
  return {
    ...facts,
    type: `urn:punctual:problem:${problem.code}`,
    title: words[0]!.toUpperCase() + words.slice(1),
    status,
    detail: message,
    instance,
    code: problem.code,
    remedy,
    ...(errors === undefined ? {} : { errors }),
  };
}

const RETRY_AFTER_S = 2;
/** Spread, so that those who were turned away together don't come back together. */
const OVERLOADED_RETRY_S = { least: 1, most: 4 };

function retryAfter({ code, retryAfterSeconds: known }: ProblemBody): string {
  if (typeof known === 'number') return String(known);
  const { least, most } = OVERLOADED_RETRY_S;
  return String(code === 'overloaded' ? least + Math.floor(Math.random() * (most - least + 1)) : RETRY_AFTER_S);
}

/** Answers with a problem document, `Retry-After` and `WWW-Authenticate` where they belong. */
export function answerProblem(c: Context, body: ProblemBody): Response {
  const headers: Record<string, string> = { 'content-type': 'application/problem+json' };
  if (body.status === 503 || body.status === 429 || body.code === 'request_in_progress')
    headers['retry-after'] = retryAfter(body);
  if (body.status === 413) headers['connection'] = 'close'; // the rest of the body is not read
  if (body.code === 'scope_missing') headers['www-authenticate'] = 'Bearer error="insufficient_scope"';
  if (body.status === 401)
    headers['www-authenticate'] = body.code === 'token_missing' ? 'Bearer' : 'Bearer error="invalid_token"';
  return c.body(JSON.stringify(body), body.status as 400, headers);
}
