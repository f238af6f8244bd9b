import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, expectTypeOf, test, vi } from 'vitest';
import { createHttpWorld, type HttpWorld } from '../tests/support/http-world.js';
import { signIn } from '../tests/support/sign-in.js';
import { makeParties, type Parties } from '../tests/support/appointments.js';
import { type ApiClient, createApiClient, settle } from './client.js';

let world: HttpWorld;
let parties: Parties;
beforeAll(async () => {
  world = await createHttpWorld();
  parties = await makeParties(world.db);
  await world.startWorker();
});
afterAll(() => world.close());

const clientOf = (subject: string): ApiClient =>
  createApiClient(world.publicUrl, { token: () => signIn(`${world.sandbox.url}/oidc`, subject) });

const key = () => ({ 'idempotency-key': randomUUID() });

test('a booking from slot to cancellation, by types alone', async () => {
  const { client: me, therapist } = parties;
  const api = clientOf(me.subject);
  const from = new Date(Date.now() + 48 * 3_600_000).toISOString();
  const to = new Date(Date.now() + 96 * 3_600_000).toISOString();
  const slots = await settle(
    api.v1.therapists[':id'].slots.$get({
      param: { id: therapist.id },
      query: { from, to, durationMinutes: '60', limit: '1' },
    }),
  );
  if (!slots.ok) throw new Error(slots.problem.remedy);
  const { startsAt } = slots.body.items[0]!;
  const json = { therapistId: therapist.id, startsAt, durationMinutes: 60, sessionMode: 'video' as const };
  const booked = await settle(api.v1.appointments.$post({ header: key(), json }));
  if (!booked.ok) throw new Error(booked.problem.remedy);
  const { id } = booked.body;
  expect(booked.body).toMatchObject({ status: 'scheduled', startsAt, client: { id: me.id }, payment: null });

  const param = { id };
  const pay = () =>
    settle(api.v1.appointments[':id'].payments.$post({ param, header: key(), json: { method: 'wallet' } }));
  const paid = await pay();
  expect(paid).toMatchObject({ ok: true, status: 201, body: { method: 'wallet', status: 'completed' } });
  const again = await pay();
  expect(again).toMatchObject({ ok: false, problem: { code: 'already_paid' } });

  // Until the workflow has decided on the payment, a cancel would return nothing.
  await vi.waitFor(async () => {
    const seen = await settle(api.v1.appointments[':id'].$get({ param }));
    expect(seen).toMatchObject({ ok: true, body: { join: { code: 'awaiting_activation' } } });
  }, 10_000);
  const quote = await settle(api.v1.appointments[':id']['cancellation-quote'].$get({ param }));
  if (!quote.ok) throw new Error(quote.problem.remedy);
  const { refundMinor } = quote.body;
  const cancelled = await settle(
    api.v1.appointments[':id'].cancel.$post({
      param,
      header: key(),
      json: { reason: 'Ill.', refundTo: 'wallet', expectedRefundMinor: refundMinor },
    }),
  );
  if (!cancelled.ok) throw new Error(cancelled.problem.code);
  expect(cancelled).toMatchObject({ ok: true, body: { status: 'cancelled', refunds: [{ amountMinor: refundMinor }] } });
});

test('a problem is narrowed to the codes of its route', async () => {
  const api = clientOf(parties.client.subject);
  const json = {
    therapistId: randomUUID(),
    startsAt: '2027-01-04T10:00:00Z',
    durationMinutes: 60,
    sessionMode: 'chat',
  } as const;
  const answer = await settle(api.v1.appointments.$post({ header: key(), json }));
  expect(answer.ok).toBe(false);
  if (answer.ok) return;
  const { problem } = answer;
  expectTypeOf(problem.code).extract<'slot_taken'>().toEqualTypeOf<'slot_taken'>();
  expectTypeOf(problem.code).extract<'review_exists'>().toEqualTypeOf<never>();
  expect(problem.code).toBe('unknown_therapist');
  if (answer.status === 409) expectTypeOf(answer.problem.code).extract<'unknown_therapist'>().toEqualTypeOf<never>();
});
