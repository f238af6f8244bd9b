import { isTerminal } from '../domain/types.js';
import type { Snapshot, WorkflowState } from './messages.js';

/** What an operator reads in the Temporal UI: Markdown, opaque ids only. */

const iso = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');

/** What the appointment waits for, in words. */
export function waitingFor(snapshot: Snapshot | null): string[] {
  if (snapshot === null) return ['its booking'];
  if (isTerminal(snapshot.status)) return [];
  if (snapshot.needs === 'payment') return ['the provider’s answer whether money arrived'];
  if (snapshot.needs === 'attendance') return ['the room’s record of who came'];
  if (!snapshot.paid) return ['payment'];
  if (!snapshot.activated) return ['activation by an admin'];
  if (snapshot.status === 'scheduled') return ['its opening'];
  if (snapshot.status === 'confirmed') return ['someone to join'];
  return ['its end'];
}

/** What a person has to do: the search attribute that operators filter by. */
export function needsOf(snapshot: Snapshot): 'payment' | 'activation' | 'nothing' {
  if (snapshot.status !== 'scheduled') return 'nothing';
  if (!snapshot.paid) return 'payment';
  return snapshot.activated ? 'nothing' : 'activation';
}

function attendance(snapshot: Snapshot): string {
  return (['client', 'therapist'] as const)
    .map((who) => `${who} ${snapshot.joined[who] === null ? 'not yet' : `joined ${iso(snapshot.joined[who])}`}`)
    .join(', ');
}

function nextStep(snapshot: Snapshot): string {
  return snapshot.next === null ? 'none' : `${snapshot.next.event} at ${iso(snapshot.next.due)}`;
}

const HOW_TO_ACTIVATE = [
  '',
  '**To activate by hand:** Send a Signal, name `activate`, with the argument',
  '',
  '```json',
  '{ "reason": "why, in a few words" }',
  '```',
  '',
  'An unpaid appointment refuses it with `payment_required`.',
];

/** The current details of a workflow. */
export function describe(state: WorkflowState): string {
  const { snapshot } = state;
  const waits = waitingFor(snapshot);
  const title = `### ${state.status.replace('_', ' ')}${waits.length === 0 ? '' : `: waits for ${waits.join(', ')}`}`;
  if (snapshot === null) return title;
  const outcome =
    snapshot.outcome === null
      ? []
      : [`- **outcome** ${snapshot.outcome.reason}, by ${snapshot.outcome.by} at ${iso(snapshot.outcome.at)}`];
  const refused = state.refused.map(({ at, code, said }) => `- **refused** at ${at}: \`${code}\` ${said}`);
  return [
    title,
    '',
    `- **session** ${snapshot.sessionMode}, ${iso(snapshot.startsAt)} to ${iso(snapshot.endsAt)}`,
    `- **next deadline** ${nextStep(snapshot)}`,
    `- **payment** ${snapshot.payment === null ? 'none' : `${snapshot.payment.method}, ${snapshot.payment.status}`}; hold ${snapshot.hold}`,
    `- **activation** ${snapshot.activated ? 'activated' : 'not activated'}`,
    `- **attendance** ${attendance(snapshot)}`,
    ...outcome,
    ...refused,
    ...(state.cancelRequested
      ? ['', '*A cancellation from the Temporal UI was noted and ignored: cancel through the API.*']
      : []),
    ...(needsOf(snapshot) === 'activation' || needsOf(snapshot) === 'payment' ? HOW_TO_ACTIVATE : []),
  ].join('\n');
}
