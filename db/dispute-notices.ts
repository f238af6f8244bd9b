import type { Actor } from '../domain/types.js';
import { loadAppointment } from './appointment-record.js';
import { databaseNow } from './clock.js';
import type { Trx } from './database.js';
import type { Dispute } from './disputes.js';
import { writeNotifications } from './notification-rows.js';
import type { Payment } from './payments.js';
import { writeTimeline, type TimelineNote } from './timeline.js';

const PROVIDER: Actor = { role: 'provider', id: null };

/**
 * Admins and the appointment's timeline hear of a dispute's new status. A top-up has no appointment: its disputes show
 * in the admins' list and in attention.
 */
export async function tellOfDispute(
  trx: Trx,
  payment: Payment,
  dispute: Dispute,
  before: Dispute['status'] | null,
): Promise<void> {
  const loaded = payment.appointmentId === null ? null : await loadAppointment(trx, payment.appointmentId);
  if (loaded === null) return;
  const isDecided = dispute.status === 'won' || dispute.status === 'lost';
  const note = (kind: string, more: Record<string, unknown>): TimelineNote => ({
    kind,
    actor: PROVIDER,
    due: null,
    detail: { disputeId: dispute.id, amountMinor: dispute.amountMinor, currency: dispute.currency, ...more },
  });
  const opened = {
    reason: dispute.reason,
    evidenceDueAt: dispute.evidenceDueAt?.toISOString() ?? null,
    isInquiry: dispute.status === 'inquiry',
  };
  const isOpening = before === null || (before === 'inquiry' && dispute.status !== 'won');
  await writeTimeline(trx, loaded.record, [
    ...(isOpening ? [note('dispute_opened', opened)] : []),
    ...(isDecided ? [note('dispute_closed', { result: dispute.status })] : []),
  ]);
  await writeNotifications(trx, loaded.record, {
    kind: isDecided ? 'dispute_closed' : 'dispute_opened',
    to: ['admins'],
    notBefore: await databaseNow(trx),
  });
}
