import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { appointmentWorkflowId } from '../workflows/messages.js';
import { startApiChild } from './support/api-child.js';
import { historyToJson, payloadsOf, toHistory } from './support/histories.js';
import { makeClient, makePerson, makeTherapist, type TestPerson } from './support/people.js';
import { signIn } from './support/sign-in.js';
import * as steps from './support/steps.js';
import { startWorkerChild } from './support/worker-child.js';
import { createWorld, type World } from './support/world.js';

/** The payload codec between real processes and a real Temporal server. */

const UI = 'https://temporal-ui.example.test';
const ON = {
  TEMPORAL_CODEC_KEYS: `c1:${randomBytes(32).toString('base64')}`,
  CODEC_ORIGINS: UI,
};

let world: World;
let people: Record<'client' | 'therapist' | 'admin', TestPerson>;
let api: Awaited<ReturnType<typeof startApiChild>>;
let worker: Awaited<ReturnType<typeof startWorkerChild>>;
/** Booked before the codec was switched on, and after. */
let [clear, sealed] = ['', ''];

async function start(env: Record<string, string>): Promise<void> {
  const { sandbox, databaseUrl, taskQueue } = world;
  const site = {
    sandbox,
    databaseUrl,
    temporalAddress: inject('temporalAddress'),
    taskQueue,
    publicUrl: 'http://127.0.0.1:9',
  };
  api = await startApiChild(site, env);
  worker = await startWorkerChild({ ...site, workflowBundle: inject('workflowBundle') }, { env });
}

const stop = async () => void (await Promise.all([api.stop(), worker.stop()]));

async function post(person: TestPerson | null, path: string, body: object = {}, headers: Record<string, string> = {}) {
  const token = person === null ? null : await signIn(`${world.sandbox.url}/oidc`, person.subject);
  const answer = await fetch(api.url + path, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'idempotency-key': randomBytes(8).toString('hex'),
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: JSON.stringify(body),
  });
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Record<string, unknown> };
}

async function bookAndPay(hours: number): Promise<string> {
  const { body } = await post(people.client, '/v1/appointments', {
    therapistId: people.therapist.id,
    startsAt: new Date(Date.now() + hours * 3_600_000).toISOString(),
    durationMinutes: 10,
    sessionMode: 'chat',
  });
  const id = body['id'] as string;
  expect((await post(people.client, `/v1/appointments/${id}/payments`, { method: 'wallet' })).status).toBe(201);
  await steps.until('paid', async () => (await steps.stored(world, id)).paidAt !== null);
  return id;
}

beforeAll(async () => {
  world = await createWorld();
  people = {
    client: await makeClient(world.db),
    therapist: await makeTherapist(world.db, { minuteMs: 60_000 }),
    admin: await makePerson(world.db, 'admin'),
  };
  await start({});
  clear = await bookAndPay(1);
}, 90_000);
afterAll(async () => {
  await stop();
  await world.close();
});

interface JsonPayload {
  metadata: Record<string, string>;
  data: string;
}

/** The payloads of a history as a client without keys meets them, bytes in base64. */
async function storedPayloads(id: string): Promise<JsonPayload[]> {
  const history = await world.temporal.workflow.getHandle(appointmentWorkflowId(id)).fetchHistory();
  const found: JsonPayload[] = [];
  JSON.parse(historyToJson(toHistory(history)), (_, value: unknown) => {
    if (typeof value === 'object' && value !== null && 'metadata' in value && 'data' in value) {
      const { metadata, data } = value as JsonPayload;
      if (typeof data === 'string' && 'encoding' in metadata) found.push({ metadata, data });
    }
    return value;
  });
  return found;
}

const encodingOf = ({ metadata }: JsonPayload) => Buffer.from(metadata['encoding'] ?? '', 'base64').toString();
const textOf = (payloads: JsonPayload[]) => payloadsOf(JSON.stringify(payloads));

test('off by default: histories are in clear, and there is no endpoint', async () => {
  const payloads = await storedPayloads(clear);
  expect(textOf(payloads)).toContain(people.client.id);
  expect((await post(people.admin, '/codec/decode', { payloads })).status).toBe(404);
});

describe('switched on', () => {
  beforeAll(async () => {
    await stop();
    await start(ON);
    sealed = await bookAndPay(3);
  }, 60_000);

  test('the server keeps ciphertext alone', async () => {
    const payloads = await storedPayloads(sealed);
    // Search attributes are in clear by nature, and so is what the SDK's core notes of a local activity: its type and times.
    const isCores = (payload: JsonPayload) => /"seq":\d+/.test(textOf([payload]));
    const kept = payloads.filter((payload) => payload.metadata['type'] === undefined && !isCores(payload));
    expect(kept.length).toBeGreaterThan(5);
    expect(new Set(kept.map(encodingOf))).toEqual(new Set(['binary/encrypted']));
    expect(textOf(kept)).not.toContain(people.client.id);
    expect(textOf(kept)).not.toContain('clientId');
  });

  test('the words of a failure are sealed too; who asked gets them, and its code stays readable', async () => {
    const refused = await post(people.admin, `/v1/appointments/${sealed}/extend`, { minutes: 10 });
    expect(refused).toMatchObject({ status: 409, body: { code: 'not_in_progress' } });
    const history = await world.temporal.workflow.getHandle(appointmentWorkflowId(sealed)).fetchHistory();
    const failures = JSON.stringify(toHistory(history)).match(/"failure":.{0,3000}/g) ?? [];
    expect(failures.length).toBeGreaterThan(0);
    expect(failures.join()).toContain('Encoded failure');
    expect(failures.join()).toContain('not_in_progress');
    expect(historyToJson(toHistory(history))).not.toContain('under way');
  });

  test('the endpoint decodes it for an admin, and for nobody else', async () => {
    const payloads = await storedPayloads(sealed);
    const { status, body } = await post(people.admin, '/codec/decode', { payloads });
    expect(status).toBe(200);
    expect(textOf(body['payloads'] as JsonPayload[])).toContain(people.client.id);
    expect((await post(people.client, '/codec/decode', { payloads })).status).toBe(403);
    expect((await post(null, '/codec/decode', { payloads })).status).toBe(401);
    const lines = await world.db
      .selectFrom('auditEntry')
      .where('actorId', '=', people.admin.id)
      .select('action')
      .execute();
    expect(lines.map(({ action }) => action)).toContain('decode_payloads');
  });

  test('what it encodes it decodes; what was changed, or is under a key that is gone, is refused', async () => {
    const plain = {
      metadata: { encoding: Buffer.from('json/plain').toString('base64') },
      data: Buffer.from('{"a":1}').toString('base64'),
    };
    const encoded = (await post(people.admin, '/codec/encode', { payloads: [plain] })).body[
      'payloads'
    ] as JsonPayload[];
    expect(encodingOf(encoded[0]!)).toBe('binary/encrypted');
    expect((await post(people.admin, '/codec/decode', { payloads: [...encoded, plain] })).body).toEqual({
      payloads: [plain, plain],
    });
    const bytes = Buffer.from(encoded[0]!.data, 'base64');
    bytes[bytes.length - 1]! ^= 1;
    const changed = { ...encoded[0]!, data: bytes.toString('base64') };
    expect((await post(people.admin, '/codec/decode', { payloads: [changed] })).status).toBe(422);
    const gone = {
      ...encoded[0]!,
      metadata: { ...encoded[0]!.metadata, 'encryption-key-id': Buffer.from('old').toString('base64') },
    };
    expect((await post(people.admin, '/codec/decode', { payloads: [gone] })).status).toBe(422);
    expect((await post(people.admin, '/codec/decode', { payloads: 'all' })).status).toBe(422);
  });

  test('the UI’s origin may ask from a browser, another may not', async () => {
    const preflight = async (origin: string) =>
      (
        await fetch(`${api.url}/codec/decode`, {
          method: 'OPTIONS',
          headers: {
            origin,
            'access-control-request-method': 'POST',
            'access-control-request-headers': 'authorization',
          },
        })
      ).headers.get('access-control-allow-origin');
    expect(await preflight(UI)).toBe(UI);
    expect(await preflight('https://elsewhere.example.test')).toBeNull();
  });

  test('a life that began in clear goes on, replayed by a worker that has only now got keys', async () => {
    expect((await post(people.admin, `/v1/appointments/${clear}/activate`, { reason: 'checked' })).status).toBe(200);
    await worker.kill();
    const { sandbox, databaseUrl, taskQueue } = world;
    const site = {
      sandbox,
      databaseUrl,
      temporalAddress: inject('temporalAddress'),
      taskQueue,
      publicUrl: 'http://127.0.0.1:9',
    };
    worker = await startWorkerChild({ ...site, workflowBundle: inject('workflowBundle') }, { env: ON });
    for (const id of [clear, sealed])
      expect((await post(people.client, `/v1/appointments/${id}/cancel`, { reason: 'moved' })).body['status']).toBe(
        'cancelled',
      );
    expect(new Set((await storedPayloads(clear)).map(encodingOf))).toContain('json/plain');
    expect(new Set((await storedPayloads(clear)).map(encodingOf))).toContain('binary/encrypted');
  });
});
