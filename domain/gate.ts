import { deadlinesOf } from './deadlines.js';
import type { Effect, LifecycleEvent } from './events.js';
import { GUARDS, type EventContext, type Move } from './guards.js';
import { RULES } from './lifecycle.js';
import type { Rule, Verdict } from './rule.js';
import type { AppointmentRecord } from './record.js';
import type { RefusalCode } from './refusals.js';

/** What the gate says of one event: the record as it is afterwards, or a refusal; effects come with both. */
export type Decision =
  | { allowed: true; record: AppointmentRecord; effects: Effect[]; quiet: boolean; event: LifecycleEvent; at: number }
  | { allowed: false; code: RefusalCode; effects: Effect[]; event: LifecycleEvent; at: number };

function matches(rule: Rule, event: LifecycleEvent, record: AppointmentRecord, context: EventContext): boolean {
  return (
    rule.event === event &&
    rule.from.includes(record.status) &&
    (rule.when ?? []).every((name) => GUARDS[name](record, context))
  );
}

/** A new start brings its own deadlines; those that have elapsed already are skipped. The payment window stays. */
function moveStart(
  record: AppointmentRecord,
  { startsAt, endsAt }: Move,
  { at, actor }: EventContext,
): AppointmentRecord {
  const { remindAt, opensAt } = deadlinesOf({ ...record, startsAt });
  return {
    ...record,
    startsAt,
    endsAt,
    scheduleVersion: record.scheduleVersion + 1,
    reschedules: record.reschedules + (actor.role === 'client' ? 1 : 0),
    remindedAt: remindAt <= at ? at : null,
    openedAt: opensAt <= at ? at : null,
    openingPreparedAt: null,
  };
}

function move(how: 'start' | 'end', record: AppointmentRecord, context: EventContext): AppointmentRecord {
  const to = context.move;
  if (to === undefined) throw new Error('a move has no new times');
  if (how === 'start') return moveStart(record, to, context);
  return { ...record, endsAt: to.endsAt, extendedMinutes: record.extendedMinutes + to.minutes };
}

function apply(
  verdict: Extract<Verdict, { to: unknown }>,
  record: AppointmentRecord,
  context: EventContext,
): AppointmentRecord {
  const { at, actor } = context;
  if (verdict.moves !== undefined) return move(verdict.moves, record, context);
  const next: AppointmentRecord = { ...record };
  if (verdict.to !== 'same') next.status = verdict.to;
  for (const stamp of verdict.set ?? []) next[stamp] ??= at;
  for (const stamp of verdict.clear ?? []) next[stamp] = null;
  if (verdict.reason !== undefined) next.outcome = { reason: verdict.reason, by: actor.role, at };
  return next;
}

/**
 * The one gate: every change of an appointment after its booking passes here. Pure; the commit carries out what it
 * says, readers use it through `advance`. Every status x event has a rule (a test proves it), so a miss is a bug.
 */
export function decide(record: AppointmentRecord, event: LifecycleEvent, context: EventContext): Decision {
  const rule = RULES.find((candidate) => matches(candidate, event, record, context));
  if (rule === undefined) throw new Error(`no rule for ${event} on ${record.status}`);
  const { then } = rule;
  const effects = then.does ?? [];
  if ('refuse' in then) return { allowed: false, code: then.refuse, effects, event, at: context.at };
  return {
    allowed: true,
    record: apply(then, record, context),
    effects,
    quiet: then.quiet ?? false,
    event,
    at: context.at,
  };
}
