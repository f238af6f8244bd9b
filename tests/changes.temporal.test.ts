import { afterAll, beforeAll, expect, test } from 'vitest';
import { roomIdentity } from '../db/rooms.js';
import { aliveRoomOf, readRoom } from '../db/rooms.js';
import type { PaymentMethod } from '../domain/types.js';
import { createHttpWorld, type HttpWorld } from './support/http-world.js';
import { makeClient, makePerson, makeTherapist, type TestPerson } from './support/people.js';
import * as steps from './support/steps.js';

let world: HttpWorld;
let admin: TestPerson;
beforeAll(async () => {
  world = await createHttpWorld();
  await world.startWorker();
  admin = await makePerson(world.db, 'admin');
});
afterAll(() => world.close());

/** A policy minute; 24 policy hours are then 14.4 s. */
const MINUTE_MS = 10;
const DAY_MS = 24 * 60 * MINUTE_MS;

interface Arranged {
  id: string;
  client: TestPerson;
  therapist: TestPerson;
}

async function arrange({
  inMs = 60_000,
  minuteMs = MINUTE_MS,
  method = 'wallet' as PaymentMethod | null,
  isActivated = true,
  mode = 'chat',
  minutes = 60,
} = {}): Promise<Arranged> {
  const client = await makeClient(world.db);
  const therapist = await makeTherapist(world.db, { minuteMs, paymentWindowMinutes: 6_000 });
  const startsAt = new Date(Date.now() + inMs).toISOString();
  const booking = { therapistId: therapist.id, startsAt, durationMinutes: minutes, sessionMode: mode };
  const { status, body } = await world.send(client, 'POST', '/v1/appointments', booking);
  expect(status).toBe(201);
  const id = String(body['id']);
  if (method === null) return { id, client, therapist };
  const paid = await world.send(client, 'POST', `/v1/appointments/${id}/payments`, { method });
  expect(paid.status).toBe(201);
  if (method !== 'wallet') {
    const [payment] = world.sandbox.control.payments.list({ metadata: { paymentId: String(paid.body['id']) } });
    world.sandbox.control.payments.act(payment!.ref, 'pay');
  }
  await steps.until('paid', async () => (await steps.stored(world, id)).paidAt !== null);
  if (isActivated) expect((await world.send(admin, 'POST', `/v1/appointments/${id}/activate`, {})).status).toBe(200);
  return { id, client, therapist };
}

const quoteOf = async (id: string, person: TestPerson) =>
  (await world.send(person, 'GET', `/v1/appointments/${id}/cancellation-quote`)).body;
const cancel = (id: string, person: TestPerson, body: object = {}) =>
  world.send(person, 'POST', `/v1/appointments/${id}/cancel`, { reason: 'a test', ...body });

test('cancelled early by the client: free, as quoted; both are told, reminders are not sent (cal.com 7232)', async () => {
  const { id, client, therapist } = await arrange();
  const quote = await quoteOf(id, client);
  expect(quote).toMatchObject({ chargeMinor: 0, refundMinor: 6_000, rule: 'free', canCancel: true });
  const { status, body } = await cancel(id, client, { expectedRefundMinor: quote['refundMinor'] });
  expect(status).toBe(200);
  expect(body).toMatchObject({ status: 'cancelled', outcome: { reason: 'cancelled', by: 'client' }, hold: 'voided' });
  expect(await steps.handleOf(world, id).result()).toMatchObject({ status: 'cancelled' });
  expect(await steps.balances(world, client, therapist)).toMatchObject({
    client_wallet: 100_000,
    client_wallet_held: 0,
  });
  const open = () =>
    world.db
      .selectFrom('notification')
      .where('appointmentId', '=', id)
      .where('status', 'in', ['pending', 'sending'])
      .select('id')
      .execute();
  await steps.until('nothing waits', async () => (await open()).length === 0);
  const sent = await world.db
    .selectFrom('notification')
    .where('appointmentId', '=', id)
    .where('kind', '=', 'cancelled')
    .where('status', '=', 'sent')
    .select('recipientRole')
    .distinct()
    .orderBy('recipientRole')
    .execute();
  expect(sent.map(({ recipientRole }) => recipientRole)).toEqual(['client', 'therapist']);
});

test('cancelled late by the client: half is charged and split like the price; a stale quote is refused first', async () => {
  const { id, client, therapist } = await arrange({ inMs: DAY_MS - 4_000 });
  expect(await quoteOf(id, client)).toMatchObject({ chargeMinor: 3_000, refundMinor: 3_000, rule: 'late' });
  expect(await cancel(id, client, { expectedRefundMinor: 6_000 })).toMatchObject({
    status: 409,
    body: { code: 'quote_changed' },
  });
  expect((await cancel(id, client, { expectedRefundMinor: 3_000 })).body).toMatchObject({
    status: 'cancelled',
    hold: 'settled',
  });
  expect(await steps.balances(world, client, therapist)).toMatchObject({
    client_wallet: 97_000,
    client_wallet_held: 0,
    therapist_payable: 2_400,
  });
});

test('cancelled by the therapist or an admin: all back', async () => {
  for (const who of ['therapist', 'admin'] as const) {
    const { id, client, therapist } = await arrange({ inMs: 5_000 });
    const { body } = await cancel(id, who === 'admin' ? admin : therapist);
    expect(body).toMatchObject({ status: 'cancelled', outcome: { by: who } });
    expect(await steps.balances(world, client)).toMatchObject({ client_wallet: 100_000, client_wallet_held: 0 });
  }
});

test('paid by card and cancelled: back to the card, or to the wallet if the client says so', async () => {
  const toSource = await arrange({ method: 'stripe' });
  await cancel(toSource.id, toSource.client);
  const refunds = () => world.db.selectFrom('refund').where('appointmentId', '=', toSource.id).selectAll().execute();
  expect(await refunds()).toMatchObject([{ amountMinor: 6_000, destination: 'source' }]);
  expect(await steps.balances(world, toSource.client)).toMatchObject({ client_wallet: 100_000 });

  const toWallet = await arrange({ method: 'stripe' });
  await cancel(toWallet.id, toWallet.client, { refundTo: 'wallet' });
  expect(await steps.balances(world, toWallet.client)).toMatchObject({ client_wallet: 106_000, client_wallet_held: 0 });
  expect(await cancel(toWallet.id, admin, { refundTo: 'wallet' })).toMatchObject({ status: 403 });
});

test('cancelled unpaid with an open checkout: the object at the provider can no longer be paid', async () => {
  const { id, client } = await arrange({ method: null });
  const { body } = await world.send(client, 'POST', `/v1/appointments/${id}/payments`, { method: 'stripe' });
  const [payment] = world.sandbox.control.payments.list({ metadata: { paymentId: String(body['id']) } });
  expect((await cancel(id, client)).body).toMatchObject({ status: 'cancelled' });
  await steps.handleOf(world, id).result();
  expect((await world.providers.stripe.fetchPayment(payment!.ref)).status).toBe('canceled');
});

test('after the start a client’s cancel is a no-show; a session under way is ended, not cancelled, but an admin may', async () => {
  const { id, client, therapist } = await arrange({ inMs: 2_500, minuteMs: 200 });
  await steps.until('started', async () => Date.now() > (await steps.stored(world, id)).startsAt);
  expect((await cancel(id, client)).body).toMatchObject({
    status: 'no_show',
    outcome: { reason: 'client_absent', by: 'client' },
  });
  expect(await steps.balances(world, client, therapist)).toMatchObject({
    client_wallet: 94_000,
    therapist_payable: 4_800,
  });

  const other = await arrange({ inMs: 2_500, minuteMs: 200 });
  await steps.until('open', async () => (await steps.seen(world, other.id)).record.status === 'confirmed');
  await world.send(other.client, 'POST', `/v1/appointments/${other.id}/join`);
  expect(await cancel(other.id, other.client)).toMatchObject({ status: 409, body: { code: 'use_end' } });
  expect((await cancel(other.id, admin)).body).toMatchObject({ status: 'cancelled', outcome: { by: 'admin' } });
  expect(await steps.balances(world, other.client)).toMatchObject({ client_wallet: 100_000, client_wallet_held: 0 });
});

test('rescheduled: one workflow, one row, new deadlines, old reminders void (cal.com 12922)', async () => {
  const { id, client, therapist } = await arrange({ inMs: 40_000 });
  const before = await steps.stored(world, id);
  const startsAt = new Date(Date.now() + 50_000).toISOString();
  const move = (person: TestPerson, to = startsAt) =>
    world.send(person, 'POST', `/v1/appointments/${id}/reschedule`, { startsAt: to });
  expect((await move(therapist)).status).toBe(403);
  const { status, body } = await move(client);
  expect(status).toBe(200);
  expect(body).toMatchObject({ startsAt, scheduleVersion: 2, isActivatedByAdmin: true, hold: 'held' });
  const rows = await world.db.selectFrom('appointment').where('clientId', '=', client.id).selectAll().execute();
  expect(rows).toHaveLength(1);
  expect(rows[0]!.opensAt.getTime() - before.startsAt).toBeGreaterThan(0);
  const state = await steps.handleOf(world, id).query<{ nextDeadline: { due: string } }, []>('getState');
  expect(Date.parse(state.nextDeadline.due)).toBe(Date.parse(startsAt) - 15 * MINUTE_MS);
  for (let times = 0; times < 2; times += 1)
    expect((await move(client, new Date(Date.now() + 40_000 + times * 1_000).toISOString())).status).toBe(200);
  expect(await move(client)).toMatchObject({ status: 409, body: { code: 'reschedule_limit' } });
  expect((await move(admin)).status).toBe(200);
});

test('rescheduling into somebody’s slot is refused and changes nothing; too late for the client within 24 h', async () => {
  const one = await arrange({ inMs: 40_000 });
  const other = await makeClient(world.db);
  const taken = new Date(Date.now() + 60_000).toISOString();
  await world.send(other, 'POST', '/v1/appointments', {
    therapistId: one.therapist.id,
    startsAt: taken,
    durationMinutes: 60,
    sessionMode: 'chat',
  });
  const before = await steps.stored(world, one.id);
  expect(
    await world.send(one.client, 'POST', `/v1/appointments/${one.id}/reschedule`, { startsAt: taken }),
  ).toMatchObject({ status: 409, body: { code: 'slot_taken' } });
  expect(await steps.stored(world, one.id)).toEqual(before);
  const late = await arrange({ inMs: DAY_MS - 2_000 });
  const later = new Date(Date.now() + 50_000).toISOString();
  expect(
    await world.send(late.client, 'POST', `/v1/appointments/${late.id}/reschedule`, { startsAt: later }),
  ).toMatchObject({ status: 409, body: { code: 'too_late' } });
});

test('extended by the therapist while it is under way, only if the slot stays free', async () => {
  const { id, client, therapist } = await arrange({ inMs: 2_500, minuteMs: 200, minutes: 30 });
  const extend = (minutes: number) => world.send(therapist, 'POST', `/v1/appointments/${id}/extend`, { minutes });
  expect(await extend(5)).toMatchObject({ status: 409, body: { code: 'not_in_progress' } });
  await steps.until('open', async () => (await steps.seen(world, id)).record.status === 'confirmed');
  await world.send(therapist, 'POST', `/v1/appointments/${id}/join`);
  await world.send(client, 'POST', `/v1/appointments/${id}/join`);
  const { endsAt, startsAt } = await steps.stored(world, id);
  const { status, body } = await extend(10);
  expect(status).toBe(200);
  expect(Date.parse(String(body['endsAt']))).toBe(endsAt + 10 * 200);
  const next = await makeClient(world.db);
  const after = new Date(startsAt + 45 * 200).toISOString();
  expect(
    (
      await world.send(next, 'POST', '/v1/appointments', {
        therapistId: therapist.id,
        startsAt: after,
        durationMinutes: 10,
        sessionMode: 'chat',
      })
    ).status,
  ).toBe(201);
  expect(await extend(30)).toMatchObject({ status: 409, body: { code: 'slot_taken' } });
  await steps.handleOf(world, id).result();
  expect((await steps.stored(world, id)).outcome!.at).toBe(endsAt + 10 * 200);
});

test('a therapist who was there for less than half of the time: completed, not charged', async () => {
  const { id, client, therapist } = await arrange({ inMs: 2_500, minuteMs: 200, minutes: 20, mode: 'video' });
  await steps.until('open', async () => (await readRoom(world.db, id))?.status === 'alive');
  await world.send(therapist, 'POST', `/v1/appointments/${id}/join`);
  await world.send(client, 'POST', `/v1/appointments/${id}/join`);
  const { sid } = (await aliveRoomOf(world.db, id))!;
  const { rooms } = world.sandbox.control;
  await rooms.connect(sid, { identity: roomIdentity('client', 'c') });
  const { participantSid } = await rooms.connect(sid, { identity: roomIdentity('therapist', 't') });
  await steps.until('started', async () => Date.now() > (await steps.stored(world, id)).startsAt + 500);
  rooms.disconnect(sid, participantSid);
  expect(await steps.handleOf(world, id).result()).toMatchObject({ status: 'completed', reason: 'therapist_left' });
  expect(await steps.balances(world, client, therapist)).toMatchObject({
    client_wallet: 100_000,
    client_wallet_held: 0,
  });
});
