import { randomUUID } from 'node:crypto';
import type { Context } from 'hono';
import { claimRequest, releaseRequest, type RequestKey, storeAnswer } from '../db/idempotency.js';
import type { JsonObject } from '../db/json.js';
import { Problem } from './errors.js';
import { isUuid, sha256, uuidOf } from './ids.js';
import { problemBody, type ProblemBody, RepeatedProblem, toProblem } from './problem.js';
import type { ApiEnv, Services } from './services.js';

/** What the effect of a request is carried out under. */
export interface Attempt {
  /** The same for every repeat of the request: ids of updates and messages. */
  requestId: string;
  /** The id of what the request creates, minted before the effect. */
  resourceId: string;
  key: RequestKey | null;
}

export interface Outcome<Status extends number, Body, Secrets extends object> {
  status: Status;
  body: Body;
  /** Joined to the body, never stored. */
  secrets?: Secrets;
  /** False when a repeat should look again (202); `done` when the effect's own transaction has remembered the answer. */
  remember?: false | 'done';
}

export interface Effect<Status extends number, Body, Secrets extends object> {
  /** The validated body: the same key with another one is refused. */
  input: unknown;
  work(attempt: Attempt): Promise<Outcome<Status, Body, Secrets>>;
  /** False where `work` does not use `resourceId`: such a key need not be on disk before the effect. */
  minted?: false;
  /** Mints or fetches the secrets anew for a repeat. */
  restore?(body: Body, attempt: Attempt): Promise<Secrets>;
}

interface Answered<Status extends number, Body> {
  status: Status;
  body: Body;
}

const join = <Body, Secrets extends object>(body: Body, secrets: Secrets | undefined): Body => ({
  ...body,
  ...secrets,
});

/**
 * Carries out a POST once per `Idempotency-Key`: the key and the body's hash are stored before the effect, the answer
 * after it. Without a key (where none is required) it is simply carried out.
 */
export async function once<Status extends number, Body extends object, Secrets extends object = Record<never, never>>(
  c: Context<ApiEnv>,
  { db }: Pick<Services, 'db'>,
  effect: Effect<Status, Body, Secrets>,
): Promise<Answered<Status, Body>> {
  const key = c.req.header('idempotency-key');
  if (key === undefined) {
    const { status, body, secrets } = await effect.work({
      requestId: randomUUID(),
      resourceId: randomUUID(),
      key: null,
    });
    return { status, body: join(body, secrets) };
  }
  const requestKey: RequestKey = { caller: c.get('caller').id, route: `${c.req.method} ${pathOf(c)}`, key };
  const minted = effect.minted ?? true;
  const claim = await claimRequest(db, requestKey, sha256(JSON.stringify(effect.input)), { minted });
  if (claim.state === 'reused') throw new Problem('idempotency_key_reused');
  if (claim.state === 'in_progress') throw new Problem('request_in_progress');
  const { caller, route } = requestKey;
  const attempt: Attempt = { requestId: uuidOf(caller, route, key), resourceId: claim.resourceId, key: requestKey };
  if (claim.state === 'answered') return repeat(c, claim, attempt, effect);
  return carryOut(c, db, { ...attempt, key: requestKey }, effect);
}

/** The path as our ids are written, so that `…/ABC` and `…/abc` are one route. */
function pathOf(c: Context): string {
  return c.req.path
    .split('/')
    .map((part) => (isUuid(part) ? part.toLowerCase() : part))
    .join('/');
}

async function repeat<Status extends number, Body extends object, Secrets extends object>(
  c: Context<ApiEnv>,
  stored: { status: number; body: JsonObject },
  attempt: Attempt,
  effect: Effect<Status, Body, Secrets>,
): Promise<Answered<Status, Body>> {
  c.header('idempotent-replayed', 'true');
  if (stored.status >= 400) throw new RepeatedProblem(stored.body as ProblemBody);
  const body = stored.body as Body;
  return { status: stored.status as Status, body: join(body, await effect.restore?.(body, attempt)) };
}

async function carryOut<Status extends number, Body extends object, Secrets extends object>(
  c: Context<ApiEnv>,
  db: Services['db'],
  attempt: Attempt & { key: RequestKey },
  effect: Effect<Status, Body, Secrets>,
): Promise<Answered<Status, Body>> {
  try {
    const { status, body, secrets, remember } = await effect.work(attempt);
    if (remember === false) await releaseRequest(db, attempt.key);
    else if (remember !== 'done') await storeAnswer(db, attempt.key, { status, body: body as JsonObject });
    return { status, body: join(body, secrets) };
  } catch (error) {
    const problem = problemBody(toProblem(error), c.req.path);
    // What could not be settled is not remembered, and the retry meets the same resource.
    if (problem.status >= 500 || problem.status === 429) await releaseRequest(db, attempt.key).catch(() => undefined);
    else await storeAnswer(db, attempt.key, { status: problem.status, body: problem });
    throw error;
  }
}
