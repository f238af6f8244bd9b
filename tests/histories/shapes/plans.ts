import { randomUUID } from 'node:crypto';
import * as messages from '../../../workflows/messages.js';
import * as steps from '../../support/steps.js';
import { MINUTE_MS, over, type Script, type Shape, type Stage } from './stage.js';

/** Approvals, and changes of plan. */

const CHAT = { sessionMode: 'chat' } as const;
const LATER = { ...CHAT, inMs: 240 * MINUTE_MS };

/** Paid, and activated so many policy minutes before the start; nobody comes. */
const activatedBefore =
  (minutes: number): Script =>
  async (stage) => {
    const id = await stage.paid({ ...(await stage.parties()), ...CHAT, inMs: 22 * MINUTE_MS });
    await stage.untilMinutesBefore(id, minutes);
    await steps.activate(stage.world, id, stage.admin);
    return stage.workflowOf(id);
  };

const takenBackAndGivenAgain: Script = async (stage) => {
  const { world } = stage;
  const id = await stage.activated({ ...(await stage.parties()), ...CHAT, inMs: 26 * MINUTE_MS });
  await steps.request(world, id, messages.deactivate, stage.byAdmin(), 'not yet checked');
  await steps.activate(world, id, stage.admin);
  await steps.activate(world, id, stage.admin);
  return stage.workflowOf(id);
};

const forced: Script = async (stage) => {
  const people = await stage.parties();
  const id = await stage.paid({ ...people, ...CHAT, inMs: 30 * MINUTE_MS, durationMinutes: 20 });
  await steps.request(stage.world, id, messages.forceConfirm, stage.byAdmin(), 'begins early');
  await stage.bothJoin(id, people);
  return stage.workflowOf(id);
};

/** From the Temporal UI: refused while unpaid, malformed, accepted; and the other signals with nothing sensible in them. */
const byHand: Script = async (stage) => {
  const { world } = stage;
  const id = await steps.book(world, { ...(await stage.parties()), ...CHAT, inMs: 30 * MINUTE_MS });
  const handle = steps.handleOf(world, id);
  await handle.signal('activate', { reason: 'too early' });
  await handle.signal('activate');
  await handle.signal('activate', { reason: { deep: true } });
  for (const signal of ['paymentSettled', 'participantJoined', 'participantLeft']) {
    await handle.signal(signal, 42);
    await handle.signal(signal, { messageId: randomUUID() });
  }
  await steps.payFromWallet(world, id);
  await stage.until(id, 'paid', ({ paidAt }) => paidAt !== null);
  await handle.signal('activate', { reason: 'called by telephone' });
  return stage.workflowOf(id);
};

/** The older script of 1.0: by hand, then forced, then cancelled by an admin. */
const byHandForced: Script = async (stage) => {
  const { world } = stage;
  const id = await steps.book(world, { ...(await stage.parties()), ...LATER });
  await steps.handleOf(world, id).signal('activate', { reason: 'too early' });
  await steps.handleOf(world, id).signal('activate');
  await steps.payFromWallet(world, id);
  await steps.request(world, id, messages.forceConfirm, stage.byAdmin(), 'begins early');
  await steps.request(world, id, messages.cancelAppointment, stage.byAdmin(), 'a test');
  return stage.workflowOf(id);
};

type Who = 'client' | 'therapist' | 'admin';

function cancel(stage: Stage, id: string, who: Who, personId: string, details?: messages.RequestDetails) {
  const actor = { role: who, id: personId };
  return steps.request(stage.world, id, messages.cancelAppointment, actor, 'a test', details);
}

/** Cancelled before the start, free or late as the policy says. */
const cancelledBy =
  (who: Who, freeCancellationMinutes: number): Script =>
  async (stage) => {
    const people = await stage.parties({ freeCancellationMinutes });
    const id = await stage.activated({ ...people, ...LATER });
    await cancel(stage, id, who, who === 'admin' ? stage.admin.id : people[who].id);
    return stage.workflowOf(id);
  };

const cancelledAfterStart: Script = async (stage) => {
  const people = await stage.parties();
  const id = await stage.activated({ ...people, ...CHAT, inMs: 18 * MINUTE_MS, durationMinutes: 30 });
  await stage.untilMinutesBefore(id, -2);
  await cancel(stage, id, 'client', people.client.id);
  return stage.workflowOf(id);
};

/** A participant is told to end it instead; an admin's cancel closes it. */
const cancelledInProgress: Script = async (stage) => {
  const people = await stage.parties();
  const id = await stage.confirmed({ ...people, inMs: 18 * MINUTE_MS, durationMinutes: 30 });
  await stage.bothJoin(id, people);
  await cancel(stage, id, 'client', people.client.id).catch(steps.refusalOf);
  await cancel(stage, id, 'admin', stage.admin.id);
  return stage.workflowOf(id);
};

const cancelledUnpaid: Script = async (stage) => {
  const people = await stage.parties();
  const id = await steps.book(stage.world, { ...people, ...LATER });
  await stage.checkout(id, 'stripe');
  await cancel(stage, id, 'client', people.client.id);
  return stage.workflowOf(id);
};

const cancelledToWallet: Script = async (stage) => {
  const people = await stage.parties();
  const id = await steps.book(stage.world, { ...people, ...LATER });
  stage.act(await stage.checkout(id, 'stripe'), 'pay');
  await stage.until(id, 'paid', ({ paidAt }) => paidAt !== null);
  await cancel(stage, id, 'client', people.client.id, { refundTo: 'wallet', expectedRefundMinor: 1 }).catch(
    steps.refusalOf,
  );
  await cancel(stage, id, 'client', people.client.id, { refundTo: 'wallet' });
  return stage.workflowOf(id);
};

async function move(stage: Stage, id: string, who: Who, personId: string, inMinutes: number): Promise<void> {
  const startsAt = Date.now() + inMinutes * MINUTE_MS;
  await steps
    .request(stage.world, id, messages.rescheduleAppointment, { role: who, id: personId }, undefined, { startsAt })
    .catch(steps.refusalOf);
}

const rescheduledBy =
  (who: 'client' | 'admin', times: number): Script =>
  async (stage) => {
    const people = await stage.parties({ rescheduleUntilMinutes: 10 });
    const id = await stage.activated({ ...people, ...LATER });
    const personId = who === 'admin' ? stage.admin.id : people.client.id;
    for (let n = 1; n < times; n += 1) await move(stage, id, who, personId, 240 + 20 * n);
    await move(stage, id, who, personId, 40);
    return stage.workflowOf(id);
  };

const rescheduledUnpaid: Script = async (stage) => {
  const people = await stage.parties({ rescheduleUntilMinutes: 10 });
  const id = await steps.book(stage.world, { ...people, ...LATER });
  await move(stage, id, 'client', people.client.id, 300);
  return stage.workflowOf(id);
};

const rescheduledCancelled: Script = async (stage) => {
  const people = await stage.parties();
  const id = await stage.activated({ ...people, ...LATER });
  await move(stage, id, 'admin', stage.admin.id, 300);
  await cancel(stage, id, 'client', people.client.id, { refundTo: 'wallet' });
  return stage.workflowOf(id);
};

const CANCELLED = over('cancelled', 'cancelled');
const BOTH_ABSENT = over('no_show', 'both_absent');

export const PLANS: Record<string, Shape> = {
  'activated-before-t15': { play: activatedBefore(18), ends: BOTH_ABSENT },
  'activated-after-t15': { play: activatedBefore(10), ends: BOTH_ABSENT },
  'activated-after-t5': { play: activatedBefore(3), ends: BOTH_ABSENT },
  'activated-after-start': { play: activatedBefore(-3), ends: BOTH_ABSENT },
  'activation-taken-back-and-given-again': { play: takenBackAndGivenAgain, ends: BOTH_ABSENT },
  'activated-by-hand': { play: byHand, ends: BOTH_ABSENT },
  'activated-by-hand-forced': { play: byHandForced, ends: CANCELLED },
  forced: { play: forced, ends: over('completed', 'duration_over') },
  'cancelled-free-by-client': { play: cancelledBy('client', 10), ends: CANCELLED },
  'cancelled-late-by-client': { play: cancelledBy('client', 1_440), ends: CANCELLED },
  'cancelled-by-therapist': { play: cancelledBy('therapist', 1_440), ends: CANCELLED },
  'cancelled-by-admin': { play: cancelledBy('admin', 1_440), ends: CANCELLED },
  'cancelled-after-start-by-client': { play: cancelledAfterStart, ends: over('no_show', 'client_absent') },
  'cancelled-in-progress-by-admin': { play: cancelledInProgress, ends: CANCELLED },
  'cancelled-unpaid-with-checkout': { play: cancelledUnpaid, ends: CANCELLED, asks: ['askProviderForMoney'] },
  'cancelled-to-wallet': { play: cancelledToWallet, ends: CANCELLED },
  'rescheduled-by-client': { play: rescheduledBy('client', 1), ends: BOTH_ABSENT },
  'rescheduled-by-admin': { play: rescheduledBy('admin', 1), ends: BOTH_ABSENT },
  'rescheduled-thrice': { play: rescheduledBy('client', 4), ends: BOTH_ABSENT }, // the fourth is refused
  'rescheduled-unpaid': { play: rescheduledUnpaid, ends: over('expired', 'payment') },
  'rescheduled-cancelled': { play: rescheduledCancelled, ends: CANCELLED },
};
