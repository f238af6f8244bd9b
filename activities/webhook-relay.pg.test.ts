import { randomBytes, randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { sql } from 'kysely';
import pg from 'pg';
import { pino } from 'pino';
import { Webhook } from 'standardwebhooks';
import { afterEach, expect, test } from 'vitest';
import { readAttention } from '../db/attention.js';
import { commitAppointment } from '../db/commit.js';
import { storeMessage } from '../db/messages.js';
import { payByWallet } from '../db/payment-requests.js';
import { listDeliveries, resendDelivery } from '../db/webhook-deliveries.js';
import {
  deleteEndpoint,
  enableEndpoint,
  makeEndpoint,
  readEndpoint,
  rotateSecret,
  secretOf,
} from '../db/webhook-endpoints.js';
import { fanOut } from '../db/webhook-fan-out.js';
import { WEBHOOK_TYPES } from '../domain/webhook-types.js';
import { type LocalServer, startLocalServer } from '../providers/test-support.js';
import { WebhookSender } from '../providers/webhook-sender.js';
import { bookAppointment, makeParties, type Parties } from '../tests/support/appointments.js';
import { useTestDatabase } from '../tests/support/test-db.js';
import { WebhookRelay } from './webhook-relay.js';

const db = useTestDatabase();
const log = pino({ level: 'silent' });
const webhooks = new WebhookSender({ allowLocal: true, timeoutMs: 200 });
const RETRIES_MS = [10, 20];

const servers: LocalServer[] = [];
const relays: WebhookRelay[] = [];
afterEach(async () => {
  await Promise.all(relays.splice(0).map((relay) => relay.stop()));
  await Promise.all(servers.splice(0).map((server) => server.close()));
  await sql`update webhook_endpoint set status = 'deleted'`.execute(db());
});

interface Got {
  headers: Record<string, string>;
  body: string;
  type: string;
  data: Record<string, unknown>;
}

/** A receiver that answers as told, the nth message by the nth, and by the last one from then on. */
async function receiver(...answers: ((response: ServerResponse) => void)[]) {
  const got: Got[] = [];
  const server = await startLocalServer((request, response, body) => {
    const { type, data } = JSON.parse(body) as Pick<Got, 'type' | 'data'>;
    got.push({ headers: request.headers as Record<string, string>, body, type, data });
    (answers.length > 1 ? answers.shift()! : (answers[0] ?? ok))(response);
  });
  servers.push(server);
  return { url: server.url, got };
}

const ok = (response: ServerResponse): void => void response.end();
const status = (code: number) => (response: ServerResponse) => void response.writeHead(code).end('because');
const silent = (): void => undefined;

const newSecret = () => `whsec_${randomBytes(32).toString('base64')}`;

async function endpoint({ admin }: Parties, url: string, types: string[] = []) {
  const id = randomUUID();
  const secret = newSecret();
  await makeEndpoint(db(), { id, url, types, description: null, secret, createdBy: admin.id });
  return { id, secret };
}

function relay(retriesMs = RETRIES_MS): WebhookRelay {
  const made = new WebhookRelay({ db: db(), webhooks, log, retriesMs });
  relays.push(made);
  return made;
}

const deliveriesOf = (id: string) => listDeliveries(db(), id, { limit: 100, before: null, status: null });

/** Relays until none of the endpoint's deliveries waits any more. */
async function relayAll(by: WebhookRelay, id: string) {
  await fanOut(db());
  const pending = async () => {
    await by.relay();
    return (await deliveriesOf(id)).filter((one) => one.status === 'pending').length;
  };
  await expect.poll(pending, { interval: 15, timeout: 10_000 }).toBe(0);
  return deliveriesOf(id);
}

async function activate(parties: Parties, id: string): Promise<void> {
  await payByWallet(db(), id);
  const actor = { role: 'admin', id: parties.admin.id } as const;
  await storeMessage(db(), { appointmentId: id, kind: 'activate', actor, signal: false });
  await commitAppointment(db(), id);
}

test('a life’s beginning is told once, signed, with ids, statuses and instants and nothing personal', async () => {
  const parties = await makeParties(db());
  const { url, got } = await receiver();
  const { id: endpointId, secret } = await endpoint(parties, url);
  const id = await bookAppointment(db(), parties);
  await activate(parties, id);
  await relayAll(relay(), endpointId);
  const types = got.map(({ type }) => type).toSorted();
  expect(types).toEqual(['appointment.activated', 'appointment.booked', 'appointment.paid', 'payment.completed']);
  for (const type of types) expect(WEBHOOK_TYPES).toContain(type);
  for (const { headers, body } of got) expect(() => new Webhook(secret).verify(body, headers)).not.toThrow();
  expect(new Set(got.map(({ headers }) => headers['webhook-id'])).size).toBe(got.length);
  const paid = got.find(({ type }) => type === 'appointment.paid')!;
  expect(paid.data).toEqual({
    id,
    version: expect.any(Number),
    status: 'scheduled',
    startsAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    endsAt: expect.any(String),
    clientId: parties.client.id,
    therapistId: parties.therapist.id,
    outcomeReason: null,
  });
  expect(JSON.stringify(got)).not.toMatch(/Test client|Test therapist|example\.test|\+1500/);
  expect(await fanOut(db())).toBe(0);
});

test('only the types that were asked for, and only what happens from then on', async () => {
  const parties = await makeParties(db());
  const before = await bookAppointment(db(), parties);
  const { url, got } = await receiver();
  const { id } = await endpoint(parties, url, ['appointment.activated']);
  await activate(parties, before);
  await relayAll(relay(), id);
  expect(got.map(({ type }) => type)).toEqual(['appointment.activated']);
});

test('an event whose transaction commits after younger ones is fanned out too; two relays at once write nothing twice', async () => {
  const parties = await makeParties(db());
  const { id: endpointId } = await endpoint(parties, 'http://127.0.0.1:9/', ['appointment.paid']);
  const one = await bookAppointment(db(), parties);
  const two = await bookAppointment(db(), await makeParties(db()));
  const slow = new pg.Client({ connectionString: db.url() });
  await slow.connect();
  try {
    await slow.query('begin');
    await slow.query('update appointment set paid_at = clock_timestamp() where id = $1', [one]);
    await sql`update appointment set paid_at = clock_timestamp() where id = ${two}`.execute(db());
    await fanOut(db());
    expect((await deliveriesOf(endpointId)).map(({ appointmentId }) => appointmentId)).toEqual([two]);
    await slow.query('commit');
    await Promise.all(Array.from({ length: 5 }, () => fanOut(db())));
    const written = (await deliveriesOf(endpointId)).map(({ appointmentId }) => appointmentId);
    expect(written).toHaveLength(2);
    expect(new Set(written)).toEqual(new Set([one, two]));
  } finally {
    await slow.end();
  }
});

test('a 500 and a time-out are tried again, under the same id, and every try is in the log', async () => {
  const parties = await makeParties(db());
  const { url, got } = await receiver(status(500), silent, ok);
  const { id } = await endpoint(parties, url, ['appointment.booked']);
  await bookAppointment(db(), parties);
  const [delivery] = await relayAll(relay(), id);
  expect(delivery).toMatchObject({ status: 'delivered', attempts: 3, nextAttemptAt: null });
  expect(delivery!.tries.map(({ status: code, error, answer }) => [code, error, answer])).toEqual([
    [500, 'answered with 500', 'because'],
    [null, 'no answer within 200 ms', null],
    [200, null, ''],
  ]);
  expect(new Set(got.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([delivery!.messageId]));
  expect((await readEndpoint(db(), id))!.deliveredAt).not.toBeNull();
});

test('of what a receiver says the beginning is kept, as it can be stored', async () => {
  const parties = await makeParties(db());
  const said = `a\u0000b${'x'.repeat(496)}😀`;
  const { url } = await receiver((response) => void response.writeHead(500).end(said), ok);
  const { id } = await endpoint(parties, url, ['appointment.booked']);
  await bookAppointment(db(), parties);
  const [delivery] = await relayAll(relay(), id);
  expect(delivery!.tries[0]!.answer).toBe(`a\ufffdb${'x'.repeat(496)}`);
});

test('after a rotation both secrets verify for a day, then the new one alone', async () => {
  const parties = await makeParties(db());
  const { url, got } = await receiver();
  const { id, secret: old } = await endpoint(parties, url, ['appointment.booked']);
  const fresh = newSecret();
  await rotateSecret(db(), id, fresh);
  await bookAppointment(db(), parties);
  await relayAll(relay(), id);
  for (const secret of [old, fresh])
    expect(() => new Webhook(secret).verify(got[0]!.body, got[0]!.headers)).not.toThrow();
  await sql`update webhook_endpoint set previous_until = clock_timestamp() where id = ${id}`.execute(db());
  await bookAppointment(db(), await makeParties(db()));
  await relayAll(relay(), id);
  const { body, headers } = got[1]!;
  expect(() => new Webhook(fresh).verify(body, headers)).not.toThrow();
  expect(() => new Webhook(old).verify(body, headers)).toThrow('No matching signature');
});

test('lasting failure gives an endpoint up, which attention shows; enabled again, what was skipped can be sent again', async () => {
  const parties = await makeParties(db());
  const { url, got } = await receiver(status(503), status(503), status(503), ok);
  const { id } = await endpoint(parties, url, ['appointment.booked']);
  await bookAppointment(db(), parties);
  const [failed] = await relayAll(relay(), id);
  expect(failed).toMatchObject({ status: 'failed', attempts: 3 });
  expect(await readEndpoint(db(), id)).toMatchObject({ status: 'disabled', disabledReason: 'failing' });
  const shown = (await readAttention(db())).items.find(({ kind }) => kind === 'webhook_endpoint_disabled');
  expect(shown).toMatchObject({ id, detail: { url, reason: 'failing' } });

  await bookAppointment(db(), await makeParties(db()));
  const [skipped] = await relayAll(relay(), id);
  expect(skipped).toMatchObject({ status: 'skipped', attempts: 0 });
  await resendDelivery(db(), skipped!.id);
  expect((await deliveriesOf(id))[0]!.status).toBe('skipped');
  expect(got).toHaveLength(3);

  await enableEndpoint(db(), id);
  await resendDelivery(db(), skipped!.id);
  await resendDelivery(db(), failed!.id);
  const after = await relayAll(relay(), id);
  expect(after.map((one) => one.status)).toEqual(['delivered', 'delivered']);
  expect(got.map(({ headers }) => headers['webhook-id'])).toContain(skipped!.messageId);
  expect(got.filter(({ headers }) => headers['webhook-id'] === failed!.messageId)).toHaveLength(4);
});

test('one message that is refused for ever gives nobody up while others arrive', async () => {
  const parties = await makeParties(db());
  let refuse = '';
  const server = await startLocalServer((request, response) => {
    const messageId = String(request.headers['webhook-id']);
    refuse ||= messageId;
    response.writeHead(messageId === refuse ? 500 : 200).end();
  });
  servers.push(server);
  const { id } = await endpoint(parties, server.url, ['appointment.booked']);
  await bookAppointment(db(), parties);
  await fanOut(db());
  const by = relay([200, 200]);
  await by.relay();
  await expect.poll(() => refuse).not.toBe('');
  await bookAppointment(db(), await makeParties(db()));
  const deliveries = await relayAll(by, id);
  expect(deliveries.map((one) => one.status).toSorted()).toEqual(['delivered', 'failed']);
  expect((await readEndpoint(db(), id))!.status).toBe('enabled');
});

test('410 gives an endpoint up at once', async () => {
  const parties = await makeParties(db());
  const { url, got } = await receiver(status(410));
  const { id } = await endpoint(parties, url, ['appointment.booked']);
  await bookAppointment(db(), parties);
  await relayAll(relay(), id);
  expect(await readEndpoint(db(), id)).toMatchObject({ status: 'disabled', disabledReason: 'gone' });
  expect(got).toHaveLength(1);
});

test('a receiver that never answers holds up no other, and a stop waits for neither', async () => {
  const parties = await makeParties(db());
  const [slow, quick] = [await receiver(silent), await receiver()];
  const [waiting, served] = [await endpoint(parties, slow.url), await endpoint(parties, quick.url)];
  for (let n = 0; n < 12; n += 1) await bookAppointment(db(), await makeParties(db()));
  await fanOut(db());
  const patient = new WebhookSender({ allowLocal: true, timeoutMs: 30_000 });
  const by = new WebhookRelay({ db: db(), webhooks: patient, log });
  relays.push(by);
  const arrived = async () => {
    await by.relay();
    return (await deliveriesOf(served.id)).filter((one) => one.status === 'delivered').length;
  };
  await expect.poll(arrived, { interval: 10 }).toBe(12);
  expect(slow.got.length).toBeLessThan(8);
  const stoppedAt = Date.now();
  await by.stop();
  expect(Date.now() - stoppedAt).toBeLessThan(1_000);
  const left = await deliveriesOf(waiting.id);
  expect(left.map((one) => [one.status, one.attempts, one.tries.length])).toEqual(left.map(() => ['pending', 0, 0]));
  const due = await sql`
    select from webhook_delivery
    where endpoint_id = ${waiting.id} and status = 'pending' and next_attempt_at <= clock_timestamp()`.execute(db());
  expect(due.rows).toHaveLength(12);
});

test('what was claimed by a relay that died is sent by another one', async () => {
  const parties = await makeParties(db());
  const { url, got } = await receiver();
  const { id } = await endpoint(parties, url, ['appointment.booked']);
  await bookAppointment(db(), parties);
  await fanOut(db());
  await sql`update webhook_delivery set attempts = 1, next_attempt_at = clock_timestamp() + interval '40 seconds' where endpoint_id = ${id}`.execute(
    db(),
  );
  await relay().relay();
  expect(got).toHaveLength(0);
  await sql`update webhook_delivery set next_attempt_at = clock_timestamp() where endpoint_id = ${id}`.execute(db());
  const [delivery] = await relayAll(relay(), id);
  expect(delivery).toMatchObject({ status: 'delivered', attempts: 2 });
});

test('a deleted endpoint gets nothing more, and its secrets are gone', async () => {
  const parties = await makeParties(db());
  const { url, got } = await receiver();
  const { id } = await endpoint(parties, url);
  await bookAppointment(db(), parties);
  await fanOut(db());
  expect(await deleteEndpoint(db(), id)).toBe(true);
  await relay().relay();
  await bookAppointment(db(), await makeParties(db()));
  await relayAll(relay(), id);
  expect(got).toEqual([]);
  const row = await db().selectFrom('webhookEndpoint').where('id', '=', id).selectAll().executeTakeFirstOrThrow();
  expect([secretOf(db(), row), row.previousSecret]).toEqual(['', null]);
});

test('a dump restored on another server, whose transactions are counted otherwise, begins anew', async () => {
  const parties = await makeParties(db());
  const { id } = await endpoint(parties, 'http://127.0.0.1:9/', ['appointment.booked']);
  await sql`update webhook_position set snapshot = '999999999999:999999999999:'`.execute(db());
  expect(await fanOut(db())).toBe(0);
  const booked = await bookAppointment(db(), parties);
  await fanOut(db());
  expect((await deliveriesOf(id)).map(({ appointmentId }) => appointmentId)).toEqual([booked]);
});

test('secrets are stored in no readable way; one that can’t be decrypted holds up no other endpoint', async () => {
  const parties = await makeParties(db());
  const { url, got } = await receiver();
  const lost = await endpoint(parties, url, ['appointment.booked']);
  const sound = await endpoint(parties, url, ['appointment.booked']);
  await rotateSecret(db(), sound.id, newSecret());
  const stored = await sql<{ text: string }>`select json_agg(w)::text as text from webhook_endpoint w`.execute(db());
  for (const secret of [lost.secret, sound.secret]) expect(stored.rows[0]!.text).not.toContain(secret.slice(6));
  await sql`update webhook_endpoint set secret = 'e1.gone.AAAA' where id = ${lost.id}`.execute(db());
  await bookAppointment(db(), parties);
  const [delivered] = await relayAll(relay(), sound.id);
  expect(delivered!.status).toBe('delivered');
  const [failed] = await relayAll(relay(), lost.id);
  expect(failed!.tries[0]).toMatchObject({ status: null, error: 'its secret can’t be decrypted' });
  expect(got).toHaveLength(1);
});

test('a rotation whose answer was lost, and was asked for again, leaves the old secret valid', async () => {
  const parties = await makeParties(db());
  const { url, got } = await receiver();
  const { id, secret: old } = await endpoint(parties, url, ['appointment.booked']);
  await rotateSecret(db(), id, newSecret());
  await rotateSecret(db(), id, newSecret());
  await bookAppointment(db(), parties);
  await relayAll(relay(), id);
  expect(() => new Webhook(old).verify(got[0]!.body, got[0]!.headers)).not.toThrow();
});
