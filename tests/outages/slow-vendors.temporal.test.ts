import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { FaultRule } from '../../sandbox/faults.js';
import { createOutageWorld, type OutageWorld } from '../support/outage-world.js';
import { makePerson, type TestPerson } from '../support/people.js';
import { brokenRules, ledgersBooks, providersBooks } from '../support/provider-books.js';
import { sleep, until } from '../support/steps.js';
import { mailsRepeated, moneyTrouble, sentTwice } from './checks.js';
import { durableDelays, figuresOf, tellingDelays, written } from './lateness.js';
import * as lives from './lives.js';

/** Vendors that take their time, refuse by the dozen, or lose their answers. */

const MINUTE_MS = 500;
const DAY_MS = 24 * 60 * 60_000;
const SLOW_MS = 5_000;
const LIVES = 6;

let world: OutageWorld;
let admin: TestPerson;
beforeAll(async () => {
  world = await createOutageWorld();
  admin = await makePerson(world.db, 'admin');
  await world.startWorker();
});
afterEach(() => world.sandbox.control.clearFaults());
afterAll(() => world.close());

const SMS: Pick<FaultRule, 'provider' | 'method' | 'path'> = { provider: 'twilio', method: 'POST', path: '/Messages' };

/** Lives that are ready, and whose people have been told so. */
async function bringUp(count: number, startsAt: number): Promise<lives.Life[]> {
  const book = () => lives.bookLife(world, { startsAt, policy: { minuteMs: MINUTE_MS } });
  const herd = await Promise.all(Array.from({ length: count }, book));
  await Promise.all(herd.map((life) => lives.readyLife(world, life, admin)));
  await until('told', async () => (await untold(herd, 'approved', ['email', 'sms'])) === 0, 20_000);
  return herd;
}

/** Rows of this kind that are not sent, failed or without meaning yet. */
async function untold(
  herd: lives.Life[],
  kind: 'approved' | 't5' | 'cancelled',
  channels: ('email' | 'sms')[],
): Promise<number> {
  const rows = await world.db
    .selectFrom('notification')
    .where(
      'appointmentId',
      'in',
      herd.map(({ id }) => id),
    )
    .where('kind', '=', kind)
    .where('channel', 'in', channels)
    .where('status', 'in', ['pending', 'sending'])
    .select('id')
    .execute();
  return rows.length;
}

/** Each a booking that is cancelled now: its cancellation goes to client and therapist by mail and by SMS. */
async function cancelAll(herd: lives.Life[]): Promise<void> {
  const answers = await Promise.all(herd.map((life) => lives.cancelLife(world, life)));
  expect(answers.map(({ status }) => status)).toEqual(herd.map(() => 200));
}

/** Told of a cancellation: by channel, how many rows ended how. */
async function told(herd: lives.Life[]): Promise<Record<string, number>> {
  const rows = await world.db
    .selectFrom('notification')
    .where(
      'appointmentId',
      'in',
      herd.map(({ id }) => id),
    )
    .where('kind', '=', 'cancelled')
    .where('channel', 'in', ['email', 'sms'])
    .select((eb) => ['channel', 'status', eb.fn.countAll<number>().as('count')])
    .groupBy(['channel', 'status'])
    .execute();
  return Object.fromEntries(rows.map(({ channel, status, count }) => [`${channel} ${status}`, count]));
}

test('every SMS takes five seconds: mail, in-app notices and commits are on time, and each SMS goes out once', async () => {
  const first = Date.now() + (await lives.setupMs(world, admin, 3 * LIVES)) + 5 * MINUTE_MS;
  const second = first + 1_000;
  const [herd, next] = [await bringUp(LIVES * 2, first), await bringUp(LIVES, second)];
  world.sandbox.control.addFault({ ...SMS, kind: 'latency', ms: SLOW_MS });
  const all = [...herd, ...next];
  await sleep(second - 5 * MINUTE_MS - Date.now());
  await until('told', async () => (await untold(all, 't5', ['email', 'sms'])) === 0, 60_000);
  const durable = figuresOf(await durableDelays(world.db, all, 'opening_due'));
  const mail = figuresOf(await tellingDelays(world.db, all, ['email']));
  const inApp = figuresOf(await tellingDelays(world.db, all, ['in_app']));
  const sms = figuresOf(await tellingDelays(world.db, herd, ['sms']));
  const behind = figuresOf(await tellingDelays(world.db, next, ['sms']));
  console.log(
    `SMS take ${SLOW_MS} ms: T-5 durable ${written(durable)}; mail ${written(mail)}; in-app ${written(inApp)}; ` +
      `SMS ${written(sms)}, those due a second later ${written(behind)}`,
  );
  for (const { maxMs } of [durable, mail, inApp]) expect(maxMs).toBeLessThan(SLOW_MS - 1_000);
  expect([mail.count, inApp.count, sms.count, behind.count]).toEqual([6, 6, 4, 2].map((each) => each * LIVES));
  expect(Math.max(sms.maxMs, behind.maxMs)).toBeLessThan(3 * SLOW_MS);
  expect(sentTwice(world.sandbox)).toEqual([]);
}, 120_000);

describe('cancellations', () => {
  test('a storm of 429 from both vendors: everybody is told soon after it, once', async () => {
    const herd = await bringUp(LIVES, Date.now() + DAY_MS);
    const { control } = world.sandbox;
    const since = control.calls().at(-1)?.seq ?? 0;
    control.addFault({ ...SMS, kind: 'error429' });
    control.addFault({ provider: 'smtp', kind: 'error429' });
    await cancelAll(herd);
    await sleep(5_000);
    const refused = control.calls(since).filter(({ path, status }) => path.includes('/Messages') && status === 429);
    expect(await told(herd)).not.toHaveProperty('sms sent');
    control.clearFaults();
    const clearedAt = Date.now();
    await until('told', async () => (await untold(herd, 'cancelled', ['email', 'sms'])) === 0, 60_000);
    console.log(
      `after a storm of 5 s (${refused.length} SMS refused) all are told within ${Date.now() - clearedAt} ms`,
    );
    expect(refused.length).toBeGreaterThan(herd.length);
    expect(await told(herd)).toEqual({ 'email sent': 2 * LIVES, 'sms sent': 2 * LIVES });
    expect(sentTwice(world.sandbox)).toEqual([]);
    expect(await moneyTrouble(world.db, herd)).toEqual([]);
  }, 90_000);

  test('taken, but the answer was lost: an SMS is looked for and not sent again, a mail has its Message-ID again', async () => {
    const herd = await bringUp(LIVES, Date.now() + DAY_MS);
    const { control } = world.sandbox;
    const [since, before] = [control.calls().at(-1)?.seq ?? 0, mailsRepeated(world.sandbox)];
    control.addFault({ ...SMS, kind: 'reset_after', times: LIVES });
    control.addFault({ provider: 'smtp', kind: 'reset_after', times: LIVES });
    await cancelAll(herd);
    await until('told', async () => (await untold(herd, 'cancelled', ['email', 'sms'])) === 0, 60_000);
    const looked = control.calls(since).filter(({ method, path }) => method === 'GET' && path.includes('/Messages'));
    const repeated = mailsRepeated(world.sandbox) - before;
    console.log(
      `${LIVES} SMS and ${LIVES} mails lost their answer: ${looked.length} looked for, ${repeated} mails came again`,
    );
    expect(await told(herd)).toEqual({ 'email sent': 2 * LIVES, 'sms sent': 2 * LIVES });
    expect(looked.length).toBeGreaterThanOrEqual(LIVES);
    expect(repeated).toBe(LIVES);
    expect(sentTwice(world.sandbox)).toEqual([]);
  }, 90_000);
});

describe.each(['stripe', 'razorpay'] as const)('%s', (provider) => {
  const charge = { provider, method: 'POST', path: provider === 'stripe' ? '/payment_intents' : '/orders' };
  const refund = { provider, method: 'POST', path: '/refund' };

  test('takes five seconds, refuses with 429 and loses answers: one charge, one refund, and nobody else waits', async () => {
    const { control } = world.sandbox;
    const herd = await Promise.all(
      Array.from({ length: 4 }, () =>
        lives.bookLife(world, {
          startsAt: Date.now() + DAY_MS,
          policy: { minuteMs: MINUTE_MS, paymentWindowMinutes: 900 },
        }),
      ),
    );
    const other = herd.pop()!;
    control.addFault({ ...charge, kind: 'error429', times: 2 });
    control.addFault({ ...charge, kind: 'reset_after', times: 2 });
    control.addFault({ ...charge, kind: 'latency', ms: SLOW_MS, times: 3 });
    const paying = Promise.all(herd.map((life) => lives.payByCard(world, life, provider)));
    const waitedMs: number[] = [];
    while (control.faults().some(({ kind }) => kind === 'latency') || waitedMs.length < 10)
      waitedMs.push((await world.send(other.client, 'GET', `/v1/appointments/${other.id}`)).ms);
    await paying;
    control.clearFaults();
    for (const { kind, times } of [
      { kind: 'error429', times: 4 },
      { kind: 'reset_after', times: 2 },
    ] as const)
      control.addFault({ ...refund, kind, times });
    control.addFault({ ...refund, kind: 'latency', ms: SLOW_MS, times: 2 });
    await cancelAll(herd);
    const cancelledAt = Date.now();
    await until('told', async () => (await untold(herd, 'cancelled', ['email', 'sms'])) === 0, 20_000);
    const toldMs = Date.now() - cancelledAt;
    await until('refunded', async () => (await refundsOf(herd)).every((status) => status === 'completed'), 60_000);
    console.log(
      `${provider} slow, refusing and losing answers: ${herd.length} paid and refunded, the refunds after ${Date.now() - cancelledAt} ms; ` +
        `told of the cancellation after ${toldMs} ms; another's reads meanwhile ${written(figuresOf(waitedMs))}`,
    );
    expect(await refundsOf(herd)).toHaveLength(herd.length);
    expect(figuresOf(waitedMs).maxMs).toBeLessThan(2_000);
    expect(await ledgersBooks(world.db)).toEqual(providersBooks(world.sandbox));
    expect(await brokenRules(world.db)).toEqual([]);
  }, 120_000);
});

async function refundsOf(herd: lives.Life[]): Promise<string[]> {
  const rows = await world.db
    .selectFrom('refund')
    .where(
      'appointmentId',
      'in',
      herd.map(({ id }) => id),
    )
    .select('status')
    .execute();
  return rows.map(({ status }) => status);
}
