import { afterAll, beforeAll, describe, test } from 'vitest';
import { readRoom } from '../../db/rooms.js';
import { arrange, createRaceWorld, LIMIT_MS, type RaceWorld } from './racing.js';
import { ask, inOrder, type Send } from './contenders.js';
import { leftBy, moneyOf, said } from './outcome.js';
import type { Racing } from './rows.js';
import * as steps from '../support/steps.js';
import { leaseOf, rowOf } from './hold.js';

/** Two people at once about one appointment, or one therapist about two: both orders forced at the row's lock. */

let world: RaceWorld;
beforeAll(async () => {
  world = await createRaceWorld();
});
afterAll(() => world.close());

const PAID = ['booked', 'payment_settled'];
const OPEN = [...PAID, 'activate', 'force_confirm'];
const RUNNING = [...OPEN, 'join', 'join'];
const cancel = { reason: 'a test' };
const ALL_BACK = { wallet: 100_000, held: 0, earned: 0 };

/** The first waits at the row, the second in the workflow behind it. */
const oneAfterTheOther = (racing: Racing, first: Send, second: Send) =>
  inOrder(world, rowOf(racing.id), racing, [
    { send: first, at: 'lock' },
    { send: second, at: 'workflow' },
  ]);

describe.concurrent('two ends', { timeout: LIMIT_MS }, () => {
  test.for(['client', 'therapist'] as const)('the %s’s first: the other’s comes too late', async (who, { expect }) => {
    const racing = await arrange(world, { stage: 'in_progress' });
    const [first, second] =
      who === 'client' ? ([racing.client, racing.therapist] as const) : ([racing.therapist, racing.client] as const);
    const answers = await oneAfterTheOther(racing, ask(world, first, racing, 'end'), ask(world, second, racing, 'end'));
    expect(answers.map(said)).toEqual(['200 completed', '409 already_over']);
    const left = await leftBy(world, racing.id);
    expect(left).toMatchObject({ status: 'completed', reason: 'ended_by_party', ledger: ['settle'], hold: 'settled' });
    expect(left.timeline.slice(0, 7)).toEqual([...RUNNING, 'end']);
    expect((await steps.stored(world, racing.id)).outcome?.by).toBe(who);
    expect(left.told.filter((one) => one.startsWith('completed'))).toEqual(['completed client', 'completed therapist']);
    expect(await moneyOf(world.db, racing)).toEqual({ wallet: 94_000, held: 0, earned: 4_800 });
  });

  test('the same request twice: one end, and its answer again', async ({ expect }) => {
    const racing = await arrange(world, { stage: 'in_progress' });
    const send = ask(world, racing.client, racing, 'end');
    const answers = await inOrder(world, rowOf(racing.id), racing, [
      { send, at: 'lock' },
      { send, at: 'end' },
    ]);
    expect(answers.map(said)).toEqual(['200 completed', '409 request_in_progress']);
    expect((await send.go()).body).toEqual(answers[0]!.body);
    const left = await leftBy(world, racing.id);
    expect(left.timeline).toEqual([...RUNNING, 'end']);
    expect(left.ledger).toEqual(['settle']);
  });
});

describe.concurrent('join against cancel', { timeout: LIMIT_MS }, () => {
  test('the join was stored first: in progress, and a client’s cancel is refused', async ({ expect }) => {
    const racing = await arrange(world, { stage: 'open' });
    const answers = await inOrder(world, leaseOf(racing.therapist.id, racing.id), racing, [
      { send: ask(world, racing.therapist, racing, 'join'), at: 'lock' },
      { send: ask(world, racing.client, racing, 'cancel', cancel), at: 'lock' },
    ]);
    expect(answers.map(said)).toEqual(['200', '409 use_end']);
    const left = await leftBy(world, racing.id);
    expect(left).toMatchObject({ status: 'in_progress', timeline: [...OPEN, 'join', 'cancel:use_end'], hold: 'held' });
    expect(left.told).not.toContain('cancelled client');
  });

  test('the join was stored first, an admin cancels: cancelled with all money back, the room closed', async ({
    expect,
  }) => {
    const racing = await arrange(world, { stage: 'open' });
    const answers = await inOrder(world, leaseOf(racing.therapist.id, racing.id), racing, [
      { send: ask(world, racing.therapist, racing, 'join'), at: 'lock' },
      { send: ask(world, world.admin, racing, 'cancel', cancel), at: 'lock' },
    ]);
    expect(answers.map(said)).toEqual(['200', '200 cancelled']);
    const left = await leftBy(world, racing.id);
    expect(left).toMatchObject({ status: 'cancelled', timeline: [...OPEN, 'join', 'cancel'], hold: 'voided' });
    expect(await moneyOf(world.db, racing)).toEqual(ALL_BACK);
    await steps.until('closed', async () => (await readRoom(world.db, racing.id))?.status !== 'alive');
  });

  test('the cancel first: cancelled, and nobody is let in', async ({ expect }) => {
    const racing = await arrange(world, { stage: 'open' });
    const answers = await inOrder(world, rowOf(racing.id), racing, [
      { send: ask(world, world.admin, racing, 'cancel', cancel), at: 'lock' },
      { send: ask(world, racing.client, racing, 'join'), at: 'lock' },
    ]);
    expect(answers.map(said)).toEqual(['200 cancelled', '409 already_over']);
    const left = await leftBy(world, racing.id);
    expect(left).toMatchObject({ status: 'cancelled', timeline: [...OPEN, 'cancel'], hold: 'voided' });
    expect(await steps.stored(world, racing.id)).toMatchObject({ client: { joinedAt: null } });
  });

  test('the cancel was stored, and the join let in before it was committed: cancelled, the room closed', async ({
    expect,
  }) => {
    const racing = await arrange(world, { stage: 'open' });
    const answers = await inOrder(world, rowOf(racing.id), racing, [
      { send: ask(world, racing.client, racing, 'join'), at: 'lock' },
      { send: ask(world, world.admin, racing, 'cancel', cancel), at: 'lock' },
    ]);
    expect(answers.map(said)).toEqual(['200', '200 cancelled']);
    const left = await leftBy(world, racing.id);
    expect(left).toMatchObject({
      status: 'cancelled',
      timeline: [...OPEN, 'cancel', 'join:already_over'],
      hold: 'voided',
    });
    expect(await moneyOf(world.db, racing)).toEqual(ALL_BACK);
    await steps.until('closed', async () => (await readRoom(world.db, racing.id))?.status !== 'alive');
  });
});

describe.concurrent('two admins', { timeout: LIMIT_MS }, () => {
  test('activate twice: once, and both hear that it is', async ({ expect }) => {
    const racing = await arrange(world, { stage: 'paid' });
    const [first, second] = [world.other, world.admin].map((admin) => ask(world, admin, racing, 'activate'));
    const answers = await oneAfterTheOther(racing, first!, second!);
    expect(answers.map(said)).toEqual(['200 scheduled', '200 scheduled']);
    const left = await leftBy(world, racing.id);
    expect(left).toMatchObject({ status: 'scheduled', timeline: [...PAID, 'activate'] });
    expect(left.told.filter((one) => one.startsWith('approved'))).toEqual(['approved client', 'approved therapist']);
  });

  test('activate, then deactivate: not activated', async ({ expect }) => {
    const racing = await arrange(world, { stage: 'paid' });
    const answers = await oneAfterTheOther(
      racing,
      ask(world, world.admin, racing, 'activate'),
      ask(world, world.other, racing, 'deactivate', { reason: 'a test' }),
    );
    expect(answers.map(said)).toEqual(['200 scheduled', '200 scheduled']);
    const left = await leftBy(world, racing.id);
    expect(left).toMatchObject({ status: 'scheduled', timeline: [...PAID, 'activate', 'deactivate'], hold: 'held' });
    expect((await steps.stored(world, racing.id)).activatedAt).toBeNull();
    expect(left.told).toContain('approval_taken_back therapist');
  });

  test('deactivate, then activate: activated, and nothing was taken back', async ({ expect }) => {
    const racing = await arrange(world, { stage: 'paid' });
    const answers = await oneAfterTheOther(
      racing,
      ask(world, world.other, racing, 'deactivate', { reason: 'a test' }),
      ask(world, world.admin, racing, 'activate'),
    );
    expect(answers.map(said)).toEqual(['200 scheduled', '200 scheduled']);
    const left = await leftBy(world, racing.id);
    expect(left).toMatchObject({ status: 'scheduled', timeline: [...PAID, 'activate'] });
    expect((await steps.stored(world, racing.id)).activatedAt).not.toBeNull();
    expect(left.told).not.toContain('approval_taken_back therapist');
  });

  test('force, then cancel: confirmed, then cancelled with all money back', async ({ expect }) => {
    const racing = await arrange(world, { stage: 'paid' });
    const answers = await oneAfterTheOther(
      racing,
      ask(world, world.admin, racing, 'force-confirm', { reason: 'a test' }),
      ask(world, world.other, racing, 'cancel', cancel),
    );
    expect(said(answers[0]!)).toMatch(/^200 (confirmed|cancelled)$/); // as it is when the answer is written
    expect(said(answers[1]!)).toBe('200 cancelled');
    const left = await leftBy(world, racing.id);
    expect(left).toMatchObject({ status: 'cancelled', timeline: [...PAID, 'force_confirm', 'cancel'], hold: 'voided' });
    expect(await moneyOf(world.db, racing)).toEqual(ALL_BACK);
  });

  test('cancel, then force: cancelled, and nobody hears that it was opened', async ({ expect }) => {
    const racing = await arrange(world, { stage: 'paid' });
    const answers = await oneAfterTheOther(
      racing,
      ask(world, world.other, racing, 'cancel', cancel),
      ask(world, world.admin, racing, 'force-confirm', { reason: 'a test' }),
    );
    expect(answers.map(said)).toEqual(['200 cancelled', '409 already_over']);
    const left = await leftBy(world, racing.id);
    expect(left).toMatchObject({ status: 'cancelled', hold: 'voided' });
    expect(left.timeline.slice(0, 3)).toEqual([...PAID, 'cancel']);
    expect(left.told).not.toEqual(expect.arrayContaining([expect.stringMatching(/^opened_early /)]));
    expect(await moneyOf(world.db, racing)).toEqual(ALL_BACK);
  });
});

describe.concurrent('a therapist’s two joins at the same moment', { timeout: LIMIT_MS }, () => {
  test.for([0, 1])('session %i is joined first: the other is refused and names it', async (first, { expect }) => {
    const one = await arrange(world, { stage: 'open' });
    const { therapist } = one;
    const other = await arrange(world, { stage: 'open', therapist, farMs: 1_200_000 });
    const [won, lost] = first === 0 ? ([one, other] as const) : ([other, one] as const);
    const answers = await inOrder(world, rowOf(lost.id), lost, [
      { send: ask(world, therapist, lost, 'join'), at: 'lock' },
      { send: ask(world, therapist, won, 'join'), at: 'end' },
    ]);
    expect(answers.map(said)).toEqual(['409 therapist_busy', '200']);
    expect(answers[0]!.body['blockingAppointmentId']).toBe(won.id);
    expect(await leftBy(world, won.id)).toMatchObject({ status: 'in_progress', timeline: [...OPEN, 'join'] });
    expect(await leftBy(world, lost.id)).toMatchObject({ status: 'confirmed', timeline: OPEN });
  });
});
