import { randomUUID } from 'node:crypto';
import { WithStartWorkflowOperation } from '@temporalio/client';
import * as messages from '../../../workflows/messages.js';
import { bookAppointment } from '../../support/appointments.js';
import { openCheckout, type Method } from '../../support/refunds.js';
import * as steps from '../../support/steps.js';
import { MINUTE_MS, over, type Script, type Shape } from './stage.js';

/** How money came or did not come, bookings that were none, and what operators do in the Temporal UI. */

const CHAT = { sessionMode: 'chat' } as const;
const SOON = { ...CHAT, inMs: 18 * MINUTE_MS };
/** Long after the end of the payment window. */
const LATER = { ...CHAT, inMs: 240 * MINUTE_MS };

const isPaid = ({ paidAt }: { paidAt: number | null }) => paidAt !== null;

/** Paid by a provider's webhook, then left alone until it expires unactivated. */
const paidBy =
  (method: Method): Script =>
  async (stage) => {
    const id = await steps.book(stage.world, { ...(await stage.parties()), ...SOON });
    stage.act(await stage.checkout(id, method), 'pay');
    await stage.until(id, 'paid', isPaid);
    return stage.workflowOf(id);
  };

const declinedThenPaid: Script = async (stage) => {
  const id = await steps.book(stage.world, { ...(await stage.parties()), ...SOON });
  const open = await stage.checkout(id, 'stripe');
  stage.act(open, 'decline');
  await stage.until(id, 'declined', ({ payment }) => payment?.status === 'failed');
  stage.act(open, 'pay');
  await stage.until(id, 'paid', isPaid);
  return stage.workflowOf(id);
};

const paymentProcessing: Script = async (stage) => {
  const id = await steps.book(stage.world, { ...(await stage.parties()), ...SOON });
  const open = await stage.checkout(id, 'stripe');
  stage.act(open, 'pay', { paymentMethod: 'pm_usBankAccount_success' });
  await stage.until(id, 'processing', ({ payment }) => payment?.status === 'processing');
  stage.act(open, 'pay');
  await stage.until(id, 'paid', isPaid);
  return stage.workflowOf(id);
};

/** By two providers: the second money is refused and goes back. */
const paidTwice: Script = async (stage) => {
  const id = await steps.book(stage.world, { ...(await stage.parties()), ...CHAT, inMs: 30 * MINUTE_MS });
  const [one, other] = [await stage.checkout(id, 'stripe'), await stage.checkout(id, 'razorpay')];
  stage.act(one, 'pay');
  await stage.until(id, 'paid', isPaid);
  stage.act(other, 'pay');
  const twice = async () => (await steps.timelineOf(stage.world, id)).includes('payment_settled:already_paid');
  await steps.until('the second money is refused', twice, 20_000);
  return stage.workflowOf(id);
};

const expiredUnpaid: Script = async (stage) => {
  const people = await stage.parties({ paymentWindowMinutes: 10 });
  return stage.workflowOf(await steps.book(stage.world, { ...people, ...LATER }));
};

/** The provider is asked before the expiry, and makes the checkout unpayable. */
const expiredAsked: Script = async (stage) => {
  const people = await stage.parties({ paymentWindowMinutes: 10 });
  const id = await steps.book(stage.world, { ...people, ...LATER });
  await stage.checkout(id, 'stripe');
  return stage.workflowOf(id);
};

/** The order stays payable at the provider: its money comes after the expiry, and goes back. */
const lateMoney: Script = async (stage) => {
  const people = await stage.parties({ paymentWindowMinutes: 10 });
  const id = await steps.book(stage.world, { ...people, ...LATER });
  const open = await stage.checkout(id, 'razorpay');
  await stage.until(id, 'expired', ({ status }) => status === 'expired');
  stage.act(open, 'pay');
  const isReturned = async () => (await steps.timelineOf(stage.world, id)).includes('payment_settled:already_over');
  await steps.until('the late money goes back', isReturned, 20_000);
  return stage.workflowOf(id);
};

/** Paid, but no webhook told: the question before the expiry finds the money. */
const foundByAsking: Script = async (stage) => {
  const { deaf } = stage;
  const people = await stage.parties({ paymentWindowMinutes: 12 }, deaf);
  const id = await steps.book(deaf, { ...people, ...CHAT, inMs: 32 * MINUTE_MS });
  const { providerRef } = await openCheckout(deaf, id, 'stripe');
  deaf.sandbox.control.payments.act(providerRef, 'pay');
  return stage.workflowOf(id);
};

const paidByWallet: Script = async (stage) =>
  stage.workflowOf(await stage.paid({ ...(await stage.parties()), ...SOON }));

const expiredUnactivated: Script = async (stage) =>
  stage.workflowOf(await stage.paid({ ...(await stage.parties()), ...SOON, durationMinutes: 30 }));

const refusedBooking: Script = async (stage) => {
  const people = await stage.parties();
  await steps.book(stage.world, { ...people, ...LATER });
  const appointmentId = randomUUID();
  await steps.book(stage.world, { ...people, ...LATER, appointmentId }).catch(steps.refusalOf);
  return stage.workflowOf(appointmentId);
};

/** Its first update is rejected by the validator, and none follows. */
const neverBooked: Script = async (stage) => {
  const { world } = stage;
  const appointmentId = randomUUID();
  const startWorkflowOperation = new WithStartWorkflowOperation(messages.APPOINTMENT_WORKFLOW, {
    workflowId: stage.workflowOf(appointmentId),
    taskQueue: world.taskQueue,
    args: [{ appointmentId }],
    workflowIdConflictPolicy: 'USE_EXISTING',
  });
  const malformed = { clientId: 'nobody' } as unknown as messages.BookInput;
  await world.temporal.workflow
    .executeUpdateWithStart(messages.book, { args: [malformed], startWorkflowOperation })
    .catch(steps.refusalOf);
  return stage.workflowOf(appointmentId);
};

/**
 * As after a server that was killed between the commit and the end of its task: a row, and a workflow without its
 * update, which adopts the row and lives on.
 */
const adopted: Script = async (stage) => {
  const { world } = stage;
  const appointmentId = randomUUID();
  const people = await stage.parties({ paymentWindowMinutes: 30 });
  await world.temporal.workflow.start(messages.APPOINTMENT_WORKFLOW, {
    workflowId: stage.workflowOf(appointmentId),
    taskQueue: world.taskQueue,
    args: [{ appointmentId }],
  });
  await bookAppointment(world.db, people, { ...LATER, appointmentId });
  return stage.workflowOf(appointmentId);
};

const cancellationIgnored: Script = async (stage) => {
  const id = await stage.paid({ ...(await stage.parties()), ...SOON });
  await steps.handleOf(stage.world, id).cancel();
  return stage.workflowOf(id);
};

/** Terminated by an operator, and begun again from its row. */
const resumed: Script = async (stage) => {
  const { world } = stage;
  const id = await stage.activated({ ...(await stage.parties()), ...CHAT, inMs: 26 * MINUTE_MS });
  await steps.handleOf(world, id).terminate('a test');
  await world.temporal.workflow.start(messages.APPOINTMENT_WORKFLOW, {
    workflowId: stage.workflowOf(id),
    taskQueue: world.taskQueue,
    args: [{ appointmentId: id, resume: true } satisfies messages.AppointmentInput],
  });
  return stage.workflowOf(id);
};

const UNPAID = over('expired', 'payment');
const UNACTIVATED = over('expired', 'activation');
const ASKED = ['askProviderForMoney'] as const;

export const PAYMENTS: Record<string, Shape> = {
  'paid-by-wallet': { play: paidByWallet, ends: UNACTIVATED },
  'paid-by-stripe': { play: paidBy('stripe'), ends: UNACTIVATED },
  'paid-by-razorpay': { play: paidBy('razorpay'), ends: UNACTIVATED },
  'declined-then-paid': { play: declinedThenPaid, ends: UNACTIVATED },
  'payment-processing': { play: paymentProcessing, ends: UNACTIVATED },
  'paid-twice': { play: paidTwice, ends: UNACTIVATED },
  'money-found-by-asking': { play: foundByAsking, ends: UNACTIVATED, asks: ASKED },
  'late-money-after-expiry': { play: lateMoney, ends: UNPAID, asks: ASKED },
  'expired-unpaid': { play: expiredUnpaid, ends: UNPAID },
  'expired-unpaid-asked': { play: expiredAsked, ends: UNPAID, asks: ASKED },
  'expired-unactivated': { play: expiredUnactivated, ends: UNACTIVATED },
  'refused-booking': { play: refusedBooking, ends: { ended: 'refused', code: 'slot_taken' } },
  'never-booked': { play: neverBooked, ends: { ended: 'never_booked' } },
  'adopted-without-booking': { play: adopted, ends: UNPAID },
  'cancellation-request-ignored': { play: cancellationIgnored, ends: UNACTIVATED },
  'resumed-after-termination': { play: resumed, ends: over('no_show', 'both_absent') },
};
