import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { PAYMENT_METHODS, SESSION_MODES, type PaymentMethod, type SessionMode } from '../domain/types.js';
import { createHttpWorld, type HttpWorld } from './support/http-world.js';
import { makeClient, makePerson, makeTherapist, type TestPerson } from './support/people.js';
import { replayError, toHistory } from './support/histories.js';
import * as steps from './support/steps.js';

/** Whole lives as front ends live them: over HTTP, with the vendors' webhooks. */

let world: HttpWorld;
let admin: TestPerson;
beforeAll(async () => {
  world = await createHttpWorld();
  await world.startWorker();
  admin = await makePerson(world.db, 'admin');
});
afterAll(() => world.close());

const MINUTE_MS = 500;

interface Life {
  id: string;
  client: TestPerson;
  therapist: TestPerson;
}

async function bookOverHttp(sessionMode: SessionMode, inMinutes: number, walletMinor?: number): Promise<Life> {
  const [client, therapist] = [
    await makeClient(world.db, walletMinor),
    await makeTherapist(world.db, { minuteMs: MINUTE_MS }),
  ];
  const startsAt = new Date(Date.now() + inMinutes * MINUTE_MS).toISOString();
  const { status, body } = await world.send(client, 'POST', '/v1/appointments', {
    therapistId: therapist.id,
    startsAt,
    durationMinutes: 20,
    sessionMode,
  });
  expect(status).toBe(201);
  return { id: String(body['id']), client, therapist };
}

async function pay({ id, client }: Life, method: PaymentMethod): Promise<void> {
  const { status, body } = await world.send(client, 'POST', `/v1/appointments/${id}/payments`, { method });
  expect(status).toBe(201);
  if (method === 'wallet') return;
  const [payment] = world.sandbox.control.payments.list({ metadata: { paymentId: String(body['id']) } });
  world.sandbox.control.payments.act(payment!.ref, 'pay');
}

const get = async (person: TestPerson, id: string) => (await world.send(person, 'GET', `/v1/appointments/${id}`)).body;

async function joinOverHttp(id: string, person: TestPerson): Promise<void> {
  const { status, body } = await world.send(person, 'POST', `/v1/appointments/${id}/join`);
  expect(status).toBe(200);
  expect(body['token']).toEqual(expect.any(String));
  const { sid } = body['room'] as { sid: string };
  if (body['mode'] !== 'chat') await world.sandbox.control.rooms.connect(sid, { token: String(body['token']) });
}

test.concurrent.each(PAYMENT_METHODS.flatMap((method) => SESSION_MODES.map((mode) => [method, mode] as const)))(
  'a life paid by %s, held by %s',
  async (method, mode) => {
    const life = await bookOverHttp(mode, 18);
    const { id, client, therapist } = life;
    expect((await world.send(therapist, 'GET', `/v1/appointments/${id}`)).status).toBe(404);
    await pay(life, method);
    await steps.until('paid', async () => (await steps.stored(world, id)).paidAt !== null);
    expect((await world.send(admin, 'POST', `/v1/appointments/${id}/activate`, { reason: 'checked' })).status).toBe(
      200,
    );
    await steps.until('Join is there', async () => (await get(client, id))['status'] === 'confirmed');
    await joinOverHttp(id, client);
    expect(await get(client, id)).toMatchObject({ status: 'in_progress' });
    await joinOverHttp(id, therapist);
    expect(await steps.handleOf(world, id).result()).toMatchObject({ status: 'completed', reason: 'duration_over' });
    expect(await get(client, id)).toMatchObject({
      status: 'completed',
      hold: 'settled',
      payment: { status: 'completed', method },
      outcome: { reason: 'duration_over' },
    });
    const paidFrom = method === 'wallet' ? 98_000 : 100_000;
    expect(await steps.balances(world, client, therapist)).toMatchObject({
      client_wallet: paidFrom,
      client_wallet_held: 0,
      therapist_payable: 1_600,
    });
    const review = () => world.send(client, 'POST', `/v1/appointments/${id}/review`, { rating: 5, text: 'Thank you.' });
    expect((await review()).status).toBe(201);
    expect(await review()).toMatchObject({ status: 409, body: { code: 'review_exists' } });
    const earnings = await world.send(therapist, 'GET', '/v1/earnings');
    expect(JSON.stringify(earnings.body)).toContain(id);
    const history = toHistory(await steps.handleOf(world, id).fetchHistory());
    expect(await replayError(inject('workflowBundle'), history)).toBeNull();
  },
  60_000,
);

/** The timeline but for T-15, which may fall to either side of the worker's stop. */
async function withoutReminder(id: string): Promise<string[]> {
  return (await steps.timelineOf(world, id)).filter((kind) => kind !== 'reminder_due');
}

test('at T-5 exactly, with the worker down: confirmed for readers, a join is answered with a token, no timer transition commits; durable after its return', async () => {
  const life = await bookOverHttp('video', 18);
  const { id, client, therapist } = life;
  await pay(life, 'wallet');
  await steps.until('paid', async () => (await steps.stored(world, id)).paidAt !== null);
  await world.send(admin, 'POST', `/v1/appointments/${id}/activate`, { reason: 'checked' });
  await world.stopWorker();
  const { startsAt } = await steps.stored(world, id);
  const opensAt = startsAt - 5 * MINUTE_MS;
  const early = await get(client, id);
  expect(Date.parse(String(early['serverNow']))).toBeLessThan(opensAt);
  expect(early).toMatchObject({ status: 'scheduled', join: { canJoin: false, code: 'too_early' } });
  let seen = early;
  while (Date.parse(String(seen['serverNow'])) < opensAt) seen = await get(client, id);
  expect(seen).toMatchObject({ status: 'confirmed', join: { canJoin: true, code: null } });

  await joinOverHttp(id, client);
  await joinOverHttp(id, therapist);
  expect(await get(client, id)).toMatchObject({ status: 'in_progress' });
  expect(await steps.stored(world, id)).toMatchObject({
    status: 'scheduled',
    openedAt: null,
  });
  expect(await withoutReminder(id)).toEqual(['booked', 'payment_settled', 'activate']);

  await world.startWorker();
  await steps.until('durable', async () => (await steps.stored(world, id)).status === 'in_progress');
  expect(await withoutReminder(id)).toEqual(['booked', 'payment_settled', 'activate', 'opening_due', 'join', 'join']);
  const opening = await world.db
    .selectFrom('timelineEntry')
    .where('appointmentId', '=', id)
    .where('kind', '=', 'opening_due')
    .selectAll()
    .executeTakeFirstOrThrow();
  expect(opening.due?.getTime()).toBe(opensAt);
  expect(opening.at.getTime()).toBeGreaterThan(opensAt);
});

test('a declined card can be followed by another that pays, in the same window', async () => {
  const life = await bookOverHttp('chat', 60, 0);
  const { id, client } = life;
  const { body } = await world.send(client, 'POST', `/v1/appointments/${id}/payments`, { method: 'stripe' });
  const [payment] = world.sandbox.control.payments.list({ metadata: { paymentId: String(body['id']) } });
  world.sandbox.control.payments.act(payment!.ref, 'decline');
  await steps.until(
    'failed',
    async () =>
      (await get(client, id))['payment'] !== null &&
      JSON.stringify((await get(client, id))['payment']).includes('failed'),
  );
  expect(await get(client, id)).toMatchObject({ status: 'scheduled', allowedActions: expect.arrayContaining(['pay']) });
  world.sandbox.control.payments.act(payment!.ref, 'pay');
  await steps.until('paid', async () => (await steps.stored(world, id)).paidAt !== null);
  expect(await get(client, id)).toMatchObject({ payment: { status: 'completed', method: 'stripe' }, hold: 'held' });
});

test('3-D Secure: waits for the payer, fails, is tried again and pays; the window is not restarted', async () => {
  const { id, client } = await bookOverHttp('chat', 100, 0);
  const { payBy } = await get(client, id);
  const { body } = await world.send(client, 'POST', `/v1/appointments/${id}/payments`, { method: 'stripe' });
  const [payment] = world.sandbox.control.payments.list({ metadata: { paymentId: String(body['id']) } });
  const { payments } = world.sandbox.control;
  const shows = (status: string) =>
    steps.until(status, async () => JSON.stringify((await get(client, id))['payment']).includes(`"${status}"`));
  const tryCard = () => payments.act(payment!.ref, 'pay', { paymentMethod: 'pm_card_authenticationRequired' });
  tryCard();
  await shows('processing');
  payments.act(payment!.ref, 'fail_authentication');
  await shows('failed');
  tryCard();
  payments.act(payment!.ref, 'authenticate');
  await shows('completed');
  expect(await get(client, id)).toMatchObject({ status: 'scheduled', hold: 'held', payBy });
});

test('declined by card, then paid from the wallet: the card paid late after all goes back to the card', async () => {
  const { id, client } = await bookOverHttp('chat', 100);
  const { body } = await world.send(client, 'POST', `/v1/appointments/${id}/payments`, { method: 'stripe' });
  const [payment] = world.sandbox.control.payments.list({ metadata: { paymentId: String(body['id']) } });
  world.sandbox.control.payments.act(payment!.ref, 'decline');
  await pay({ id, client, therapist: client }, 'wallet');
  await steps.until('paid', async () => (await steps.stored(world, id)).paidAt !== null);
  world.sandbox.control.payments.act(payment!.ref, 'pay');
  const refunds = () => world.db.selectFrom('refund').where('appointmentId', '=', id).selectAll().execute();
  await steps.until('back at the card', async () => (await refunds()).some(({ status }) => status === 'completed'));
  expect(await refunds()).toMatchObject([{ destination: 'source', reason: 'late_money', amountMinor: 2_000 }]);
  expect(await get(client, id)).toMatchObject({ payment: { status: 'completed', method: 'wallet' }, hold: 'held' });
});

test('a booking whose run is ended under it is not refused: it is tried again under its key, and booked once', async () => {
  const [client, therapist] = [await makeClient(world.db), await makeTherapist(world.db, { minuteMs: MINUTE_MS })];
  const startsAt = new Date(Date.now() + 100 * MINUTE_MS).toISOString();
  const wish = { therapistId: therapist.id, startsAt, durationMinutes: 20, sessionMode: 'chat' };
  const key = `run-ended-${client.id}`;
  await world.stopWorker();
  const asked = world.send(client, 'POST', '/v1/appointments', wish, key);
  const query = `TaskQueue = '${world.taskQueue}' and clientId = '${client.id}' and ExecutionStatus = 'Running'`;
  let ended = 0;
  await steps.until('its run is there', async () => {
    for await (const { workflowId } of world.temporal.workflow.list({ query })) {
      await world.temporal.workflow.getHandle(workflowId).terminate();
      ended += 1;
    }
    return ended > 0;
  });
  expect(await asked).toMatchObject({ status: 503, body: { code: 'temporal_unavailable' } });
  await world.startWorker();
  expect((await world.send(client, 'POST', '/v1/appointments', wish, key)).status).toBe(201);
  expect(await world.db.selectFrom('appointment').where('clientId', '=', client.id).selectAll().execute()).toHaveLength(
    1,
  );
}, 60_000);
