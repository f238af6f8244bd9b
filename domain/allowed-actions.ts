import type { View } from './advance.js';
import { deadlinesOf } from './deadlines.js';
import type { MessageEvent } from './events.js';
import { decide } from './gate.js';
import { joinVerdict, type OtherSession } from './join.js';
import type { Actor, Role } from './types.js';

/** What somebody may do with an appointment at this moment; the names are the routes'. */
export const ACTIONS = [
  'pay',
  'join',
  'leave',
  'end',
  'review',
  'activate',
  'deactivate',
  'force_confirm',
  'cancel',
  'reschedule',
  'extend',
] as const;
export type Action = (typeof ACTIONS)[number];

const ADMIN_ACTIONS = ['activate', 'deactivate', 'force_confirm', 'cancel', 'reschedule', 'extend'] as const;

/** True when the gate would let it change something now. */
function passes({ record }: View, event: MessageEvent, at: number, actor: Actor): boolean {
  // Whether a new time is free is asked when one is named.
  const move = { startsAt: Infinity, endsAt: Infinity, minutes: 0, refused: null };
  const decision = decide(record, event, { at, actor, move });
  return decision.allowed && !decision.quiet;
}

function isPayable({ record }: View, now: number): boolean {
  return (
    record.status === 'scheduled' && record.paidAt === null && record.hold === 'none' && now < deadlinesOf(record).payBy
  );
}

/**
 * The actions that would be let in now, asked of the same gate and verdict that decide the requests. `view` is the
 * record as of `now` (epoch ms); while its end is being decided nothing is. `reviewable`: completed as committed, and
 * without a review.
 */
export function allowedActions(
  view: View,
  actor: Actor & { role: Role },
  now: number,
  beside: { busyWith: OtherSession; reviewable: boolean },
): Action[] {
  const { record, deciding } = view;
  if (deciding) return [];
  const { role } = actor;
  if (role === 'admin') return ADMIN_ACTIONS.filter((action) => passes(view, action, now, actor));
  const actions: Action[] = [];
  if (role === 'client' && isPayable(view, now)) actions.push('pay');
  if (joinVerdict(view, role, now, beside.busyWith).canJoin) actions.push('join');
  if (record[role].joinedAt !== null && passes(view, 'leave', now, actor)) actions.push('leave');
  if (passes(view, 'end', now, actor)) actions.push('end');
  if (passes(view, 'cancel', now, actor)) actions.push('cancel');
  if (role === 'client' && passes(view, 'reschedule', now, actor)) actions.push('reschedule');
  if (role === 'therapist' && passes(view, 'extend', now, actor)) actions.push('extend');
  if (role === 'client' && beside.reviewable) actions.push('review');
  return actions;
}
