import type { Effect, LifecycleEvent } from './events.js';
import { GUARDS, type EventContext } from './guards.js';
import { RULES, type Rule, type Verdict } from './lifecycle.js';
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

function apply(
  verdict: Extract<Verdict, { to: unknown }>,
  record: AppointmentRecord,
  { at, actor }: EventContext,
): AppointmentRecord {
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
