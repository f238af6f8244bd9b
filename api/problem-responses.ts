import { z } from '@hono/zod-openapi';
import { errorOf, PROBLEM_CODES, type ProblemCode, type StatusTables } from './errors.js';
import { problemSchema } from './schemas.js';

/** What each route may be refused with. Declared here once per kind of route, and by each route for what is its own. */

/** True for a code of the one table. */
export const isProblemCode = (code: string): code is ProblemCode => (PROBLEM_CODES as string[]).includes(code);

/** The HTTP status of a code: front ends narrow an answer by it. */
export type StatusOf<C extends ProblemCode> = C extends ProblemCode ? StatusTables[C] : never;

/** Of these codes, the ones with this status. */
type CodesWith<C extends ProblemCode, S extends number> = C extends ProblemCode
  ? StatusOf<C> extends S
    ? C
    : never
  : never;

/** A problem whose code is one of these: `status` and `code` narrow it. */
export interface ProblemWith<C extends ProblemCode> {
  type: string;
  title: string;
  status: StatusOf<C>;
  detail: string;
  instance: string;
  code: C;
  remedy: string;
  errors?: { field: string; message: string }[] | undefined;
}

const header = (description: string, example: string) => ({
  description,
  schema: { type: 'string' as const, example },
});
const LIMITS = {
  ratelimit: header('What is left of each limit, and until when.', '"changes";r=0;t=12'),
  'ratelimit-policy': header('The limits themselves.', '"changes";q=300;w=60'),
};
const RETRY_AFTER = { 'retry-after': header('Seconds until it makes sense to try again.', '2') };
const CHALLENGE = { 'www-authenticate': header('RFC 6750.', 'Bearer error="invalid_token"') };
const HEADERS: Record<number, Record<string, ReturnType<typeof header>>> = {
  401: CHALLENGE,
  429: { ...RETRY_AFTER, ...LIMITS },
  503: RETRY_AFTER,
};

function responseOf(codes: readonly ProblemCode[], status: number) {
  const schema = problemSchema.extend({ status: z.literal(status), code: z.enum(codes) });
  return {
    description: codes.map((code) => `\`${code}\`: ${errorOf(code).message}`).join('\n\n'),
    ...(HEADERS[status] === undefined ? {} : { headers: HEADERS[status] }),
    content: { 'application/problem+json': { schema } },
  };
}

type Responses<C extends ProblemCode> = {
  [S in StatusOf<C>]: {
    description: string;
    content: { 'application/problem+json': { schema: z.ZodType<ProblemWith<CodesWith<C, S>>> } };
  };
};

/**
 * The responses of a route that answers with these codes and no others, by status. What a route does answer is compared
 * with them wherever tests send a request (api/test-conformance.ts).
 */
export function problemsOf<C extends ProblemCode>(...codes: C[]): Responses<C> {
  const unique = [...new Set<ProblemCode>(codes)];
  const statuses = [...new Set(unique.map((code) => errorOf(code).status))].toSorted((a, b) => a - b);
  const responses = statuses.map((status) => {
    const own = unique.filter((code) => errorOf(code).status === status);
    return [status, responseOf(own, status)] as const;
  });
  return Object.fromEntries(responses) as unknown as Responses<C>;
}

/** Of every route below /v1. */
const SIGNED_IN = [
  'token_missing',
  'token_invalid',
  'token_expired',
  'session_over',
  'unknown_person',
  'forbidden',
  'scope_missing',
  'invalid_request',
  'too_many_requests',
  'database_unavailable',
  'issuer_unavailable',
  'overloaded',
] as const;
const CHANGES = ['cross_site_request', 'body_too_large'] as const;
const BODY = ['body_unreadable', 'media_type_unsupported'] as const;
const KEYED = ['idempotency_key_reused', 'request_in_progress'] as const;

/** Of a route that changes an appointment, and of one that does so through its workflow. */
export const OF_APPOINTMENT = ['unknown_appointment', 'rate_limited'] as const;
export const BY_WORKFLOW = [...OF_APPOINTMENT, 'temporal_unavailable', 'workflow_missing'] as const;
/** Of a route that asks a payment or room provider. */
export const BY_PROVIDER = ['provider_refused', 'provider_unavailable'] as const;

/** Of a join: the verdict's codes (domain/join.ts). */
export const JOIN_REFUSALS = [
  'payment_required',
  'awaiting_activation',
  'too_early',
  'therapist_busy',
  'deciding',
  'already_over',
] as const;

type SignedIn = (typeof SIGNED_IN)[number];
type Change = SignedIn | (typeof CHANGES)[number];
type Body = Change | (typeof BODY)[number];
type Keyed = (typeof KEYED)[number];

/** Of a signed-in read. */
export const readProblems = <C extends ProblemCode = never>(...codes: C[]) =>
  problemsOf<SignedIn | C>(...SIGNED_IN, ...codes);
/** Of a signed-in DELETE. */
export const changeProblems = <C extends ProblemCode = never>(...codes: C[]) =>
  problemsOf<Change | C>(...SIGNED_IN, ...CHANGES, ...codes);
/** Of a signed-in PUT or PATCH. */
export const bodyProblems = <C extends ProblemCode = never>(...codes: C[]) =>
  problemsOf<Body | C>(...SIGNED_IN, ...CHANGES, ...BODY, ...codes);
/** Of a signed-in POST without a body. */
export const postProblems = <C extends ProblemCode = never>(...codes: C[]) =>
  problemsOf<Change | Keyed | C>(...SIGNED_IN, ...CHANGES, ...KEYED, ...codes);
/** Of a signed-in POST with one. */
export const postBodyProblems = <C extends ProblemCode = never>(...codes: C[]) =>
  problemsOf<Body | Keyed | C>(...SIGNED_IN, ...CHANGES, ...BODY, ...KEYED, ...codes);
/** The same where the key is required. */
export const keyedProblems = <C extends ProblemCode = never>(...codes: C[]) =>
  problemsOf<Body | Keyed | 'idempotency_key_required' | C>(
    ...SIGNED_IN,
    ...CHANGES,
    ...BODY,
    ...KEYED,
    'idempotency_key_required',
    ...codes,
  );
