import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { LIMIT_NAMES, type Limits } from '../../api/limits.js';
import { type ApiWorld, createApiWorld } from '../../api/test-world.js';
import { startWorkerChild, type WorkerChild } from '../support/worker-child.js';
import { type Answer, type OpenApi, type Operation, operationAt, operationsOf, Promises } from './document.js';
import { type Input, inputsOf, Valid } from './inputs.js';
import { type Actor, type Cast, makeCast } from './people.js';
import { type Request, Sender } from './sending.js';
import { signedInputs } from './signed.js';

/**
 * Every operation of the OpenAPI document, as every role, with what is valid, nearly so and hostile, against a running
 * stack: no answer is a 500, none hangs, and each is what the document says. `npm run fuzz` sends more of it.
 */

const REQUESTS = Number(process.env['FUZZ_REQUESTS'] ?? 2_000);
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_124);
const AT_ONCE = 12;
const CHUNK = 1_000;
/** One caller stands for many here; what limits do is shown elsewhere. */
const limits = Object.fromEntries(LIMIT_NAMES.map((name) => [name, { most: 1_000_000, seconds: 60 }])) as Limits;

interface Shot {
  operation: Operation;
  actor: Actor;
  request: Request;
}

let world: ApiWorld;
let worker: WorkerChild;
let cast: Cast;
let sender: Sender;

beforeAll(async () => {
  const temporalAddress = inject('temporalAddress');
  const taskQueue = `fuzz-${randomUUID()}`;
  world = await createApiWorld({ temporalAddress, settings: { taskQueue, limits } });
  const { sandbox, databaseUrl, url: publicUrl } = world;
  const workflowBundle = inject('workflowBundle');
  worker = await startWorkerChild({ sandbox, databaseUrl, taskQueue, publicUrl, temporalAddress, workflowBundle });
  cast = await makeCast(world, REQUESTS > 10_000 ? 12 : 3);
  sender = new Sender(world.url);
}, 120_000);
afterAll(async () => {
  sender?.close();
  await worker?.stop();
  await world?.close();
});

/** Requests to one operation by anybody. */
function shotsAt(operation: Operation, document: OpenApi): fc.Arbitrary<Shot> {
  const { path, method } = operation;
  const plain = inputsOf(operation, new Valid(document, cast.pools));
  const signed = signedInputs(path, world.url, cast.pools);
  const input: fc.Arbitrary<Input> =
    signed === null ? plain : fc.oneof({ weight: 3, arbitrary: signed }, { weight: 1, arbitrary: plain });
  const actor = fc.constantFrom(...(path === '/v1/me/erasure' ? cast.doomed : cast.actors));
  return fc.tuple(input, actor).map(([one, by]) => {
    // A hostile header takes the place of the actor's own.
    const headers: Request['headers'] = [...Object.entries(by.headers), ...one.headers];
    return { operation, actor: by, request: { method, path: one.path, headers, body: one.body } };
  });
}

class Tally {
  private readonly statuses = new Map<string, number>();
  readonly welcome = new Set<string>();
  /** By operation and what is wrong: how often, and the first request. */
  readonly broken = new Map<string, { times: number; first: string }>();

  add({ operation, actor, request }: Shot, { status }: Pick<Answer, 'status'>, objection: string | null): void {
    const name = `${operation.method} ${operation.path}`;
    this.statuses.set(String(status), (this.statuses.get(String(status)) ?? 0) + 1);
    if (status >= 200 && status < 300) this.welcome.add(name);
    if (objection === null) return;
    const { path, headers, body } = request;
    const own = headers.filter(([, value]) => !Object.values(actor.headers).includes(value));
    const first = `${actor.name}: ${path.slice(0, 200)} ${JSON.stringify(own)} ${JSON.stringify(body)?.slice(0, 400)}`;
    const key = `${name}: ${objection.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/gi, '<id>').slice(0, 400)}`;
    this.broken.set(key, {
      times: (this.broken.get(key)?.times ?? 0) + 1,
      first: this.broken.get(key)?.first ?? first,
    });
  }

  get counts(): string {
    return [...this.statuses]
      .toSorted(([a], [b]) => Number(a) - Number(b))
      .map(([status, count]) => `${status}: ${count}`)
      .join(', ');
  }
}

async function shoot(shot: Shot, operations: readonly Operation[], promises: Promises, tally: Tally): Promise<void> {
  try {
    const answer = await sender.send(shot.request);
    const { method, path } = shot.request;
    tally.add(shot, answer, promises.broken(operationAt(operations, method, path), answer));
  } catch (error) {
    tally.add(shot, { status: 0 }, `no answer: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function shootAll(
  shots: readonly Shot[],
  operations: readonly Operation[],
  promises: Promises,
  tally: Tally,
): Promise<void> {
  const left = [...shots];
  const shooter = async (): Promise<void> => {
    for (let shot = left.pop(); shot !== undefined; shot = left.pop()) await shoot(shot, operations, promises, tally);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, shooter));
}

test(`${REQUESTS} requests: no 500, no hang, and every answer is what the document says`, async () => {
  const document = (await world.send(null, '/openapi.json')).body as unknown as OpenApi;
  // What is not there is not in the document yet, for the docs' own files.
  const operations = operationsOf(document).filter(({ path }) => path !== '/docs/{file}');
  const promises = new Promises(document);
  const tally = new Tally();
  const each = fc.tuple(...operations.map((operation) => shotsAt(operation, document)));
  const startedAt = performance.now();
  for (let sent = 0, round = 0; sent < REQUESTS; round += 1) {
    const numRuns = Math.max(1, Math.min(CHUNK, REQUESTS - sent) / operations.length);
    const shots = fc.sample(each, { seed: SEED + round, numRuns: Math.ceil(numRuns) }).flat();
    await shootAll(shots.slice(0, REQUESTS - sent), operations, promises, tally);
    sent += shots.length;
  }
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  console.log(`seed ${SEED}, ${REQUESTS} requests in ${seconds} s to ${operations.length} operations: ${tally.counts}`);
  console.log(`answered with 2xx: ${tally.welcome.size} operations`);
  const objections = [...tally.broken].map(([what, { times, first }]) => `${what} (${times}x)\n    ${first}`);
  if (objections.length > 0) console.log(objections.join('\n'));
  expect(objections).toEqual([]);
  // Most of it must get past the door: requests that are all refused show little.
  expect(tally.welcome.size).toBeGreaterThan(operations.length / 2);
  expect((await world.send(null, '/readyz')).status).toBe(200);
}, 3_600_000);
