import type { AppointmentView, TimelineItem } from './api-types.js';
import type { Plan } from './demo-plan.js';
import { latenessMs } from './format.js';
import { EVENT_BUDGET, TASK_BUDGET, type WorkflowCost } from './workflow-cost.js';

/** The deadlines that a full life meets; one ended by hand never meets the last. */
const DEADLINES = ['reminder_due', 'opening_due', 'duration_over'] as const;

/** How late each deadline was committed, milliseconds by its event. */
export function latenessByDeadline(timeline: readonly TimelineItem[]): Record<string, number> {
  const late = DEADLINES.flatMap((kind) => {
    const item = timeline.find((one) => one.kind === kind);
    const ms = item === undefined ? null : latenessMs(item);
    return ms === null ? [] : [[kind, ms] as const];
  });
  return Object.fromEntries(late);
}

/** Every way in which the end of a life isn't what its plan and docs/lifecycle.md say. */
export function checkOutcome(plan: Plan, appointment: AppointmentView, timeline: readonly TimelineItem[]): string[] {
  const { status, outcome, hold, payment, isActivatedByAdmin, attendance } = appointment;
  const byHand = plan.end === 'by_hand';
  const late = latenessByDeadline(timeline);
  const wantedDeadlines = byHand ? DEADLINES.slice(0, 2) : DEADLINES;
  const facts: [what: string, found: unknown, wanted: unknown][] = [
    ['status', status, 'completed'],
    [
      'outcome',
      outcome && `${outcome.reason} by ${outcome.by}`,
      byHand ? 'ended_by_party by therapist' : 'duration_over by system',
    ],
    ['hold', hold, 'settled'],
    ['payment', payment && `${payment.method} ${payment.status}`, `${plan.method} completed`],
    ['activated', isActivatedByAdmin, true],
    ['the client came', attendance.client.cameAt !== null, true],
    ['the therapist came', attendance.therapist.cameAt !== null, true],
    ['deadlines met', Object.keys(late).join(' '), wantedDeadlines.join(' ')],
  ];
  if (!byHand && outcome !== null) facts.push(['the end was at', outcome.at, appointment.endsAt]);
  return facts
    .filter(([, found, wanted]) => found !== wanted)
    .map(([what, found, wanted]) => `${what}: ${String(found)}, not ${String(wanted)}`);
}

/** What went over the budget of a full life. */
export function checkCost({ events, workflowTasks }: WorkflowCost): string[] {
  const over: string[] = [];
  if (events > EVENT_BUDGET) over.push(`${events} workflow events, more than ${EVENT_BUDGET}`);
  if (workflowTasks > TASK_BUDGET) over.push(`${workflowTasks} workflow tasks, more than ${TASK_BUDGET}`);
  return over;
}
