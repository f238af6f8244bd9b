import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LocalServer, startLocalServer } from '../providers/test-support.js';
import { openEvents } from './support/event-stream.js';
import { createHttpWorld, type HttpWorld } from './support/http-world.js';
import { makeClient, makePerson, makeTherapist, type TestPerson } from './support/people.js';
import { signIn } from './support/sign-in.js';
import * as steps from './support/steps.js';

/** One life with real workers and relays, as an open screen and another system see it. */

const MINUTE_MS = 500;

let world: HttpWorld;
let admin: TestPerson;
let receiver: LocalServer;
const got: { type: string; id: string; headers: Record<string, string>; body: string }[] = [];
beforeAll(async () => {
  receiver = await startLocalServer((request, response, body) => {
    const { type, data } = JSON.parse(body) as { type: string; data: { id: string } };
    got.push({ type, id: data.id, headers: request.headers as Record<string, string>, body });
    response.end();
  });
  world = await createHttpWorld();
  await world.startWorker();
  admin = await makePerson(world.db, 'admin');
});
afterAll(async () => {
  await world.close();
  await receiver.close();
});

test('a session is booked, opens and is held: both are told each step once', { timeout: 60_000 }, async () => {
  const made = await world.send(admin, 'POST', '/v1/admin/webhook-endpoints', { url: receiver.url });
  expect(made.status).toBe(201);
  const [client, therapist] = [await makeClient(world.db), await makeTherapist(world.db, { minuteMs: MINUTE_MS })];
  const token = await signIn(`${world.sandbox.url}/oidc`, client.subject);
  const stream = await openEvents(`${world.publicUrl}/v1/events`, { authorization: `Bearer ${token}` });
  await stream.until(({ event }) => event === 'ready');

  const booked = await world.send(client, 'POST', '/v1/appointments', {
    therapistId: therapist.id,
    startsAt: new Date(Date.now() + 18 * MINUTE_MS).toISOString(),
    durationMinutes: 10,
    sessionMode: 'chat',
  });
  const id = String(booked.body['id']);
  await world.send(client, 'POST', `/v1/appointments/${id}/payments`, { method: 'wallet' });
  await steps.until('paid', async () => (await steps.stored(world, id)).paidAt !== null);
  await world.send(admin, 'POST', `/v1/appointments/${id}/activate`, { reason: 'checked' });
  const isMine = (status: string) => (event: { data: Record<string, unknown> }) =>
    event.data['id'] === id && event.data['status'] === status;
  const opened = await stream.until(isMine('confirmed'), 20_000);
  const { opensAt } = await world.db
    .selectFrom('appointment')
    .where('id', '=', id)
    .select('opensAt')
    .executeTakeFirstOrThrow();
  expect(opened.at).toBeGreaterThanOrEqual(opensAt.getTime());
  // A status that one commit passes is not told outside: whoever joins before T-5's commit makes it such a one.
  await steps.until('T-5 is committed', async () => (await steps.stored(world, id)).status === 'confirmed');
  expect((await world.send(client, 'POST', `/v1/appointments/${id}/join`)).status).toBe(200);
  expect((await world.send(therapist, 'POST', `/v1/appointments/${id}/join`)).status).toBe(200);
  await stream.until(isMine('completed'), 30_000);
  stream.close();

  const typesOf = () => got.filter((one) => one.id === id).map(({ type }) => type.slice('appointment.'.length));
  await expect.poll(typesOf, { timeout: 10_000 }).toContain('completed');
  for (const type of ['booked', 'paid', 'activated', 'confirmed', 'client_joined', 'therapist_joined', 'completed'])
    expect(
      typesOf().filter((one) => one === type),
      type,
    ).toEqual([type]);
  const secret = String(made.body['secret']);
  for (const { body, headers } of got) expect(() => new Webhook(secret).verify(body, headers)).not.toThrow();
  expect(new Set(got.map(({ headers }) => headers['webhook-id'])).size).toBe(got.length);
});
