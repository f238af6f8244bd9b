import { expect } from 'vitest';
import * as steps from '../support/steps.js';
import { type Haunted, type Marked, MINUTE_MS, TEXTS } from './haunted.js';

/** What marked data lives through: paid by each method, held, cancelled, moved, refused, vendors that fail. */

async function book(haunted: Haunted, inMinutes: number): Promise<string> {
  const { status, body } = await haunted.send(haunted.client, 'POST', '/v1/appointments', {
    therapistId: haunted.therapist.id,
    startsAt: new Date(Date.now() + inMinutes * MINUTE_MS).toISOString(),
    durationMinutes: 10,
    sessionMode: 'video',
  });
  expect({ status, body }).toMatchObject({ status: 201 });
  return String(body['id']);
}

async function want(haunted: Haunted, who: Marked, path: string, body: object | undefined, status: number) {
  const answer = await haunted.send(who, 'POST', path, body);
  expect({ path, ...answer }).toMatchObject({ path, status });
  return answer.body;
}

async function pay(haunted: Haunted, id: string, method: 'wallet' | 'stripe' | 'razorpay'): Promise<void> {
  const body = await want(haunted, haunted.client, `/v1/appointments/${id}/payments`, { method }, 201);
  if (method !== 'wallet') {
    const { payments } = haunted.sandbox.control;
    const [payment] = payments.list({ metadata: { paymentId: String(body['id']) } });
    payments.act(payment!.ref, 'pay');
  }
  await steps.until('paid', async () => (await steps.stored(haunted, id)).paidAt !== null);
}

async function completed(haunted: Haunted): Promise<void> {
  const { client, therapist, admin } = haunted;
  const id = await book(haunted, 18);
  const path = `/v1/appointments/${id}`;
  await pay(haunted, id, 'wallet');
  await want(haunted, admin, `${path}/activate`, { reason: TEXTS.activate }, 200);
  // Both vendors of messages fail before they take what T-15 and T-5 tell.
  haunted.sandbox.control.addFault({ provider: 'smtp', kind: 'error500', times: 3 });
  haunted.sandbox.control.addFault({ provider: 'twilio', path: '/Messages', kind: 'error500', times: 2 });
  await steps.until('open', async () => {
    return (await haunted.send(client, 'GET', path)).body['status'] === 'confirmed';
  });
  for (const person of [client, therapist]) {
    const { room, token } = await want(haunted, person, `${path}/join`, undefined, 200);
    await haunted.sandbox.control.rooms.connect((room as { sid: string }).sid, { token: String(token) });
  }
  await steps.until('over', async () => (await steps.stored(haunted, id)).status === 'completed', 20_000);
  await want(haunted, client, `${path}/review`, { rating: 4, text: TEXTS.review }, 201);
  await want(haunted, admin, `/v1/admin/appointments/${id}/refunds`, { amountMinor: 100, reason: TEXTS.refund }, 201);
}

async function cancelledByClient(haunted: Haunted): Promise<void> {
  const id = await book(haunted, 3_000);
  // Stripe fails once: the caller tries again.
  haunted.sandbox.control.addFault({ provider: 'stripe', kind: 'reset_before', times: 4 });
  const path = `/v1/appointments/${id}`;
  await haunted.send(haunted.client, 'POST', `${path}/payments`, { method: 'stripe' });
  haunted.sandbox.control.clearFaults();
  await pay(haunted, id, 'stripe');
  await want(haunted, haunted.client, `${path}/cancel`, { reason: TEXTS.cancel }, 200);
}

async function movedAndCancelledByAdmin(haunted: Haunted): Promise<void> {
  const id = await book(haunted, 3_100);
  await pay(haunted, id, 'razorpay');
  const path = `/v1/appointments/${id}`;
  const startsAt = new Date(Date.now() + 3_200 * MINUTE_MS).toISOString();
  await want(haunted, haunted.admin, `${path}/reschedule`, { startsAt }, 200);
  await want(haunted, haunted.admin, `${path}/cancel`, { reason: TEXTS.adminCancel }, 200);
  const refunds = () => haunted.db.selectFrom('refund').where('appointmentId', '=', id).selectAll().execute();
  await steps.until('back', async () => (await refunds()).some(({ status }) => status === 'completed'), 20_000);
}

async function refusedThenForced(haunted: Haunted): Promise<void> {
  const { admin } = haunted;
  const id = await book(haunted, 3_300);
  const path = `/v1/appointments/${id}`;
  await want(haunted, admin, `${path}/activate`, { reason: TEXTS.refused }, 409);
  await want(haunted, admin, `${path}/force-confirm`, { reason: TEXTS.refused }, 409);
  await pay(haunted, id, 'wallet');
  await want(haunted, admin, `${path}/activate`, {}, 200);
  await want(haunted, admin, `${path}/deactivate`, { reason: TEXTS.deactivate }, 200);
  await want(haunted, admin, `${path}/force-confirm`, { reason: TEXTS.force }, 200);
  for (const view of ['timeline', 'live', 'join'])
    expect((await haunted.send(admin, 'GET', `${path}/${view}`)).status).toBe(200);
  await want(haunted, haunted.therapist, `${path}/cancel`, { reason: TEXTS.cancel }, 200);
}

/** All of them, and waits until everything that they wrote to people was handed over. */
export async function liveAll(haunted: Haunted): Promise<void> {
  await completed(haunted);
  await cancelledByClient(haunted);
  await movedAndCancelledByAdmin(haunted);
  await refusedThenForced(haunted);
  const waiting = () =>
    haunted.db.selectFrom('notification').where('status', 'in', ['pending', 'sending']).selectAll().execute();
  const due = async () => (await waiting()).filter(({ notBefore }) => notBefore.getTime() < Date.now());
  await steps.until('told', async () => (await due()).length === 0, 20_000);
}
