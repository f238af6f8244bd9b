import { cancellationQuote } from '../domain/cancellation.js';
import type { Effect } from '../domain/events.js';
import { LOSES_MEANING } from '../domain/notifications.js';
import type { AppointmentRecord } from '../domain/record.js';
import type { Step } from '../domain/work-off.js';
import type { Trx } from './database.js';
import { extendLease } from './leases.js';
import type { MessageDecision } from './json.js';
import { voidUnsent, type Notification } from './notification-rows.js';
import { AHEAD } from './patience.js';
import { fundAndHold, releaseMoney, returnLateMoney, type Arrival } from './payments.js';
import type { TimelineNote } from './timeline.js';

/** One commit under way: what its steps do at once, and what they leave to be written together at the end. */
export interface Working {
  trx: Trx;
  /** PostgreSQL's clock, epoch ms. */
  now: number;
  paidPaymentId: string | null;
  arrivals: Map<string, Arrival | null>;
  /** Cancellations whose client asked for the money on the wallet. */
  refundTo: Map<string, 'wallet'>;
  decided: { id: string; decision: MessageDecision }[];
  notes: TimelineNote[];
  told: { record: AppointmentRecord; notification: Notification }[];
  freesLease: boolean;
  /** The whole price was charged: the hold is settled, and all else about money as it was read. */
  isSettled: boolean;
  /** Money moved: payment and hold are not what was read. */
  moneyMoved: boolean;
}

function tell(working: Working, record: AppointmentRecord, notification: Notification): void {
  working.told.push({ record, notification });
}

/** Late or unasked money: credited and returned, and the client is told. */
export async function lateMoney(working: Working, record: AppointmentRecord, arrival: Arrival): Promise<void> {
  working.moneyMoved = true;
  await returnLateMoney(working.trx, record, arrival);
  tell(working, record, { kind: 'late_money_returned', to: ['client'], notBefore: working.now });
}

async function release(
  working: Working,
  record: AppointmentRecord,
  step: Step,
  chargeMinor: number | 'all',
): Promise<void> {
  const released = await releaseMoney(working.trx, record, {
    chargeMinor,
    refundTo: working.refundTo.get(step.messageId ?? '') ?? 'source',
    reason: record.outcome?.reason ?? step.decision.event,
    actor: step.actor,
  });
  if (released === 'all_charged') working.isSettled = true;
  else working.moneyMoved = true;
}

/** What waits to be sent, or would be written by this very commit, and has lost its meaning. */
async function voidWaiting(working: Working, record: AppointmentRecord): Promise<void> {
  working.told = working.told.filter(({ notification }) => !LOSES_MEANING.includes(notification.kind));
  await voidUnsent(working.trx, record.id, AHEAD);
}

/** Money, leases and notifications of one step, in the transaction that writes the status. */
export async function carryOut(working: Working, record: AppointmentRecord, step: Step, effect: Effect): Promise<void> {
  const { trx } = working;
  const arrival = step.messageId === null ? null : (working.arrivals.get(step.messageId) ?? null);
  switch (effect.do) {
    case 'fund_and_hold':
      working.moneyMoved = true;
      await fundAndHold(trx, record, arrival!);
      working.paidPaymentId = arrival!.payment.id;
      return;
    case 'return_late_money':
      if (arrival !== null) await lateMoney(working, record, arrival);
      return;
    case 'settle_hold':
      return release(working, record, step, 'all');
    case 'void_hold':
      return release(working, record, step, 0);
    case 'charge_cancellation': {
      const { chargeMinor } = cancellationQuote(record, step.decision.at, step.actor.role);
      return release(working, record, step, chargeMinor);
    }
    case 'extend_lease':
      return extendLease(trx, record.therapistId, record.id, new Date(record.endsAt));
    case 'free_lease':
      working.freesLease = true;
      return;
    case 'void_unsent':
      return voidWaiting(working, record);
    case 'notify': {
      const { kind, to } = effect;
      if (kind === 't5' && record.openingPreparedAt !== null) return; // they lie ready since T-15
      const timed = kind === 't15' || kind === 't5';
      tell(working, record, { kind, to, notBefore: timed ? step.decision.at : working.now });
    }
  }
}
