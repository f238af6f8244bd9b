import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { claimRequest, releaseRequest } from '../db/idempotency.js';
import { makeClient, makePerson, makeTherapist, type TestPerson } from '../tests/support/people.js';
import { createHttpWorld, type HttpWorld } from '../tests/support/http-world.js';
import { appointmentWorkflowId } from '../workflows/messages.js';
import { sha256 } from './ids.js';

/** The routes that a workflow decides, over HTTP, with a real worker. */

let world: HttpWorld;
let client: TestPerson;
let therapist: TestPerson;
let admin: TestPerson;

beforeAll(async () => {
  world = await createHttpWorld();
  const { db } = world;
  [client, therapist, admin] = await Promise.all([
    makeClient(db),
    makeTherapist(db, { minuteMs: 500 }),
    makePerson(db, 'admin'),
  ]);
  await world.startWorker();
});

afterAll(() => world.close());

const send: HttpWorld['send'] = (...request) => world.send(...request);

const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();
const wish = (startsAt: string) => ({ therapistId: therapist.id, startsAt, durationMinutes: 60, sessionMode: 'video' });
const book = (startsAt: string, key?: string) => send(client, 'POST', '/v1/appointments', wish(startsAt), key);
const statusOf = async (id: string) => (await send(admin, 'GET', `/v1/appointments/${id}`)).body['status'];

describe('booking', () => {
  test('answers 201 with the appointment; a repeat gets the first answer; another body is refused', async () => {
    const startsAt = inMs(3_600_000);
    const first = await book(startsAt, 'k1');
    expect(first).toMatchObject({
      status: 201,
      body: {
        status: 'scheduled',
        startsAt,
        price: { amountMinor: 6_000 },
        allowedActions: ['pay', 'cancel', 'reschedule'],
      },
    });
    expect(first.body['meetingLink']).toMatch(/\/meet\//);
    expect(await book(startsAt, 'k1')).toEqual(first);
    expect(await book(inMs(7_200_000), 'k1')).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
  });

  test('fifty at once with one key make one appointment; two clients and one slot, one of them', async () => {
    const startsAt = inMs(10_000_000);
    const other = await makeClient(world.db);
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => send(other, 'POST', '/v1/appointments', wish(startsAt), 'k2')),
    );
    const made = answers.filter(({ status }) => status === 201).map(({ body }) => body['id']);
    expect(new Set(made).size).toBe(1);
    expect(
      answers.filter(({ status }) => status !== 201).every(({ body }) => body['code'] === 'request_in_progress'),
    ).toBe(true);
    const racers = await Promise.all([makeClient(world.db), makeClient(world.db)]);
    const slot = inMs(20_000_000);
    const raced = await Promise.all(racers.map((racer) => send(racer, 'POST', '/v1/appointments', wish(slot))));
    expect(raced.map(({ status }) => String(status)).toSorted()).toEqual(['201', '409']);
    expect(raced.find(({ status }) => status === 409)!.body['code']).toBe('slot_taken');
  });

  test('a refusal keeps its code, and stays the answer of its key', async () => {
    const yesterday = inMs(-86_400_000);
    const first = await book(yesterday, 'k3');
    expect(first).toMatchObject({ status: 409, body: { code: 'too_late' } });
    expect(await book(yesterday, 'k3')).toEqual(first);
    expect(
      await send(client, 'POST', '/v1/appointments', { ...wish(inMs(90_000_000)), therapistId: randomUUID() }),
    ).toMatchObject({ status: 422, body: { code: 'unknown_therapist' } });
  });

  test('whose workflow ended without it is made anew under another id', async () => {
    const startsAt = inMs(30_000_000);
    const key = { caller: client.id, route: 'POST /v1/appointments', key: 'k5' };
    const input = {
      therapistId: therapist.id,
      startsAt: Date.parse(startsAt),
      durationMinutes: 60,
      sessionMode: 'video',
    };
    const claim = await claimRequest(world.db, key, sha256(JSON.stringify(input)));
    await releaseRequest(world.db, key);
    const lostId = (claim as { resourceId: string }).resourceId;
    const lost = await world.temporal.workflow.start('appointment', {
      workflowId: appointmentWorkflowId(lostId),
      taskQueue: world.taskQueue,
      args: [{ appointmentId: lostId }],
    });
    await lost.terminate('the first try was lost');
    const other = await book(startsAt, 'k5');
    expect(other).toMatchObject({ status: 201 });
    expect(other.body['id']).not.toBe(lostId);
  });
});

describe('a life', () => {
  test('activation unpaid is refused and told; paid it is 200 at once; then force, join, end, and the first answers again', async () => {
    const buyer = await makeClient(world.db);
    const { body } = await send(buyer, 'POST', '/v1/appointments', wish(inMs(40_000_000)));
    const path = `/v1/appointments/${body['id'] as string}`;
    expect(await send(admin, 'POST', `${path}/activate`, {})).toMatchObject({
      status: 409,
      body: { code: 'payment_required' },
    });
    expect((await send(buyer, 'POST', `${path}/payments`, { method: 'wallet' })).status).toBe(201);
    expect(await send(admin, 'POST', `${path}/activate`, { reason: 'Checked.' }, 'a')).toMatchObject({
      status: 200,
      body: { isActivatedByAdmin: true },
    });
    expect(await send(admin, 'POST', `${path}/deactivate`, { reason: 'Not yet.' })).toMatchObject({
      status: 200,
      body: { isActivatedByAdmin: false },
    });
    expect(await send(admin, 'POST', `${path}/force-confirm`, { reason: 'Now.' })).toMatchObject({
      status: 200,
      body: { status: 'confirmed', isActivatedByAdmin: true },
    });
    const live = await send(buyer, 'GET', `${path}/live`);
    expect(live).toMatchObject({ status: 200, body: { status: 'confirmed', snapshot: { activated: true } } });
    expect(live.body).not.toHaveProperty('refused');
    expect((await send(admin, 'GET', `${path}/live`)).body).toHaveProperty('refused');
    for (const person of [buyer, therapist]) {
      const joined = await send(person, 'POST', `${path}/join`);
      expect(joined.status).toBe(200);
      await world.sandbox.control.rooms.connect((joined.body['room'] as { name: string }).name, {
        token: joined.body['token'] as string,
      });
    }
    const came = async () => (await send(admin, 'GET', path)).body['attendance'];
    await expect.poll(came).toMatchObject({
      client: { cameAt: expect.any(String) as string },
      therapist: { cameAt: expect.any(String) as string },
    });
    const ended = await send(therapist, 'POST', `${path}/end`, undefined, 'e');
    expect(ended).toMatchObject({
      status: 200,
      body: { status: 'completed', outcome: { reason: 'ended_by_party', by: 'therapist' }, hold: 'settled' },
    });
    expect(await send(therapist, 'POST', `${path}/end`, undefined, 'e')).toEqual(ended);
    const handle = world.temporal.workflow.getHandle(appointmentWorkflowId(body['id'] as string));
    await handle.result();
    expect(await send(therapist, 'POST', `${path}/end`)).toMatchObject({ status: 409, body: { code: 'already_over' } });
    await world.db.deleteFrom('idempotencyKey').where('key', '=', 'e').execute();
    expect(await send(therapist, 'POST', `${path}/end`, undefined, 'e')).toMatchObject({
      status: 200,
      body: { status: 'completed' },
    });
    expect(await send(admin, 'POST', `${path}/force-confirm`, { reason: 'Late.' })).toMatchObject({
      status: 409,
      body: { code: 'already_over' },
    });
    expect(await send(buyer, 'GET', `${path}/live`)).toMatchObject({ status: 200, body: { status: 'completed' } });
    expect(await send(buyer, 'POST', `${path}/review`, { rating: 5 })).toMatchObject({ status: 201 });
  });

  test('whose workflow is gone says so and is repaired from its row, once', async () => {
    const buyer = await makeClient(world.db);
    const { body } = await send(buyer, 'POST', '/v1/appointments', wish(inMs(50_000_000)));
    const id = body['id'] as string;
    const repair = () => send(admin, 'POST', `/v1/admin/appointments/${id}/repair`);
    expect(await repair()).toMatchObject({ status: 200, body: { repaired: false } });
    await world.temporal.workflow.getHandle(appointmentWorkflowId(id)).terminate('by a test');
    await send(buyer, 'POST', `/v1/appointments/${id}/payments`, { method: 'wallet' });
    expect(await send(admin, 'POST', `/v1/appointments/${id}/force-confirm`, { reason: 'x' })).toMatchObject({
      status: 503,
      body: { code: 'workflow_missing' },
    });
    expect(await repair()).toMatchObject({ status: 200, body: { repaired: true } });
    expect(await repair()).toMatchObject({ status: 200, body: { repaired: false } });
    expect(await send(admin, 'POST', `/v1/appointments/${id}/activate`, {})).toMatchObject({ status: 200 });
    expect(await statusOf(id)).toBe('scheduled');
  });
});

test('is ready with both there', async () => {
  const response = await fetch(`${world.publicUrl}/readyz`);
  expect(await response.json()).toEqual({ status: 'ready', postgres: 'ok', temporal: 'ok' });
});
