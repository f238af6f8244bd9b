import type { View } from './advance.js';
import { deadlinesOf } from './deadlines.js';
import { refusal, type RefusalCode } from './refusals.js';
import { isTerminal, type Participant } from './types.js';

/** The Join button of one participant: whether, why not, since when, and what to do about it. */
export interface JoinVerdict {
  canJoin: boolean;
  action: 'join' | 'open_chat';
  code: RefusalCode | null;
  message: string;
  /** When Join opens, epoch ms. */
  opensAt: number;
  remedy: string | null;
  /** The session a busy therapist holds; null for everybody else. */
  blockingAppointmentId: string | null;
}

/** The other session a therapist holds now, by the lease; null when free. */
export type OtherSession = string | null;

function refusalCode(view: View, now: number, busyWith: OtherSession): RefusalCode | null {
  const { record, deciding } = view;
  if (isTerminal(record.status) || now >= record.endsAt) return 'already_over';
  if (deciding) return 'deciding';
  if (record.paidAt === null) return 'payment_required';
  if (record.activatedAt === null) return 'awaiting_activation';
  if (record.status === 'scheduled') return 'too_early';
  return busyWith === null ? null : 'therapist_busy';
}

/**
 * The one verdict on joining, per participant. `view` is the record as of `now`; `busyWith` is the other session the
 * therapist's lease names (ignored for the client). Source: docs/lifecycle.md, "The Join button".
 */
export function joinVerdict(view: View, participant: Participant, now: number, busyWith: OtherSession): JoinVerdict {
  const { record } = view;
  const blocking = participant === 'therapist' ? busyWith : null;
  const code = refusalCode(view, now, blocking);
  const said = code === null ? null : refusal(code);
  return {
    canJoin: code === null,
    action: record.sessionMode === 'chat' ? 'open_chat' : 'join',
    code,
    message: said?.message ?? (record.sessionMode === 'chat' ? 'The conversation is open.' : 'The room is open.'),
    opensAt: record.forcedAt ?? deadlinesOf(record).opensAt,
    remedy: said?.remedy ?? null,
    blockingAppointmentId: code === 'therapist_busy' ? blocking : null,
  };
}
