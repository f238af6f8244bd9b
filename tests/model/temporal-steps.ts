import fc from 'fast-check';
import type { PaymentMethod } from '../../domain/types.js';
import type { HttpAnswer, HttpWorld } from '../support/http-world.js';
import { makeClient, makeTherapist, type TestPerson } from '../support/people.js';
import { choose } from './model.js';

/** Steps of lives over HTTP, as front ends, payers and banks take them; which fits is seen from the appointment. */

export interface Life {
  id: string;
  client: TestPerson;
  therapist: TestPerson;
  /** Objects at the providers that were opened for it. */
  refs: string[];
  isOver: boolean;
}

export interface Lives {
  world: HttpWorld;
  admin: TestPerson;
  lives: Life[];
  /** `step: status code`, in order. */
  log: string[];
}

export interface HttpStep {
  kind: 'book' | 'go_on' | 'pay' | 'pay_at_provider' | 'cancel' | 'extend' | 'reschedule' | 'refund' | 'dispute';
  pick: number;
  a: number;
}

const WEIGHTS: Record<HttpStep['kind'], number> = {
  book: 12,
  go_on: 64,
  pay: 6,
  pay_at_provider: 8,
  cancel: 3,
  extend: 3,
  reschedule: 3,
  refund: 6,
  dispute: 3,
};

export function drawHttpSteps(seed: number, count: number): HttpStep[] {
  const kinds = (Object.entries(WEIGHTS) as [HttpStep['kind'], number][]).map(([kind, weight]) => ({
    weight,
    arbitrary: fc.constant(kind),
  }));
  const step = fc.record({ kind: fc.oneof(...kinds), pick: fc.nat(0xffffff), a: fc.nat(0xffffff) });
  return fc.sample(fc.noBias(step), { seed, numRuns: count });
}

const MINUTE_MS = 400;
const METHODS = ['wallet', 'stripe', 'razorpay'] as const;

/** A refusal is an answer; that nobody can answer just now (no worker) is one too. Anything else of 5xx is a bug. */
function expectAnswered(what: string, { status, body }: HttpAnswer): HttpAnswer {
  if (status >= 500 && status !== 503) throw new Error(`${what} was answered ${status} ${JSON.stringify(body)}`);
  return { status, body };
}

async function send({ world, log }: Lives, person: TestPerson, path: string, body: object = {}): Promise<HttpAnswer> {
  const answer = expectAnswered(path, await world.send(person, 'POST', path, body));
  const { status } = answer;
  const code = status < 300 ? '' : ` ${String(answer.body['code'])}`;
  log.push(`${path.replace('/v1/appointments/', '')}: ${status}${code}`);
  return answer;
}

/** Some begin so soon that paying is a race, most in time for a life. */
async function book(lives: Lives, { a }: HttpStep): Promise<void> {
  const { world } = lives;
  const client = await makeClient(world.db, a % 5 === 0 ? 0 : 9_000);
  const therapist = await makeTherapist(world.db, { minuteMs: MINUTE_MS, freeCancellationMinutes: 15 });
  const answer = await send(lives, client, '/v1/appointments', {
    therapistId: therapist.id,
    startsAt: new Date(Date.now() + (7 + (a % 12)) * MINUTE_MS).toISOString(),
    durationMinutes: choose([10, 20], a),
    sessionMode: choose(['video', 'audio', 'chat'] as const, a >> 4),
  });
  if (answer.status === 201)
    lives.lives.push({ id: String(answer.body['id']), client, therapist, refs: [], isOver: false });
}

async function pay(lives: Lives, life: Life, method: PaymentMethod): Promise<void> {
  const { body, status } = await send(lives, life.client, `/v1/appointments/${life.id}/payments`, { method });
  if (status !== 201 || method === 'wallet') return;
  const paymentId = String(body['id']);
  for (const { ref } of lives.world.sandbox.control.payments.list({ metadata: { paymentId } }))
    if (!life.refs.includes(ref)) life.refs.push(ref);
}

/** The payer at the provider: declined, or paid; also after the appointment's end. What the object forbids, it refuses. */
function payAtProvider({ world, log }: Lives, { id, refs }: Life, number: number): void {
  if (refs.length === 0) return;
  const action = number % 5 === 0 ? 'decline' : 'pay';
  try {
    world.sandbox.control.payments.act(choose(refs, number >> 3), action);
    log.push(`${id} ${action} at the provider`);
  } catch {
    log.push(`${id} ${action} at the provider: refused`);
  }
}

async function join(lives: Lives, { id }: Life, person: TestPerson): Promise<void> {
  const { status, body } = await send(lives, person, `/v1/appointments/${id}/join`);
  if (status !== 200 || body['mode'] === 'chat') return;
  const { sid } = body['room'] as { sid: string };
  await lives.world.sandbox.control.rooms.connect(sid, { token: String(body['token']) }).catch(() => undefined);
}

/** What would naturally come next. */
async function goOn(lives: Lives, life: Life, { a }: HttpStep): Promise<void> {
  const { world, admin } = lives;
  const { id, client, therapist } = life;
  const { body } = await world.send(client, 'GET', `/v1/appointments/${id}`);
  const paid = (body['payment'] as { status: string } | null)?.status === 'completed';
  const status = String(body['status']);
  if (status === 'scheduled' && !paid) {
    if (life.refs.length > 0) return payAtProvider(lives, life, a | 1);
    return pay(lives, life, choose(METHODS, a));
  }
  if (status === 'scheduled') return void (await send(lives, admin, `/v1/appointments/${id}/activate`));
  if (status !== 'confirmed' && status !== 'in_progress') {
    life.isOver = true;
    return;
  }
  const came = body['attendance'] as Record<'client' | 'therapist', unknown>;
  if (JSON.stringify(came.client) === JSON.stringify(came.therapist))
    return join(lives, life, choose([client, therapist], a));
  if (a % 4 === 0) return void (await send(lives, choose([client, therapist], a >> 2), `/v1/appointments/${id}/end`));
  return join(lives, life, choose([client, therapist], a >> 2));
}

async function cancel(lives: Lives, { id, client, therapist }: Life, { a }: HttpStep): Promise<void> {
  const person = choose([client, therapist, lives.admin], a);
  const quote = await lives.world.send(person, 'GET', `/v1/appointments/${id}/cancellation-quote`);
  const expectedRefundMinor = quote.body['refundMinor'];
  const refundTo = person === client ? { refundTo: choose(['source', 'wallet'], a >> 3) } : {};
  const expected = typeof expectedRefundMinor === 'number' && a % 2 === 0 ? { expectedRefundMinor } : {};
  await send(lives, person, `/v1/appointments/${id}/cancel`, { reason: 'walk', ...expected, ...refundTo });
}

function dispute({ world, log }: Lives, { refs }: Life, number: number): void {
  if (refs.length === 0) return;
  const action = choose(['open_dispute', 'win_dispute', 'lose_dispute'] as const, number);
  try {
    world.sandbox.control.disputes.act(choose(refs, number >> 3), action);
    log.push(action);
  } catch {
    log.push(`${action}: refused`);
  }
}

/** Takes one step on one of the latest lives. */
export async function takeHttpStep(lives: Lives, step: HttpStep): Promise<void> {
  if (step.kind === 'book' || lives.lives.length === 0) return book(lives, step);
  const living = lives.lives.filter(({ isOver }) => !isOver);
  const life = choose(living.length === 0 || step.pick % 5 === 0 ? lives.lives : living, step.pick >> 3);
  const path = `/v1/appointments/${life.id}`;
  switch (step.kind) {
    case 'go_on':
      return goOn(lives, life, step);
    case 'pay':
      return pay(lives, life, choose(METHODS, step.a));
    case 'pay_at_provider':
      return payAtProvider(lives, life, step.a);
    case 'cancel':
      return cancel(lives, life, step);
    case 'extend':
      return void (await send(lives, life.therapist, `${path}/extend`, { minutes: 4 }));
    case 'reschedule': {
      const startsAt = new Date(Date.now() + 15 * MINUTE_MS).toISOString();
      return void (await send(lives, lives.admin, `${path}/reschedule`, { startsAt }));
    }
    case 'refund': {
      const amount = step.a % 2 === 0 ? {} : { amountMinor: 1 + (step.a % 700) };
      return void (await send(lives, lives.admin, `/v1/admin${path.slice(3)}/refunds`, { reason: 'walk', ...amount }));
    }
    case 'dispute':
      return dispute(lives, life, step.a);
  }
}
