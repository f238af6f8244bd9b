import type { UpdateDefinition } from '@temporalio/common';
import { readAppointment } from '../db/lists.js';
import type { SeenAppointment } from '../db/seen-appointment.js';
import { readDecision } from '../db/messages.js';
import { writeNote } from '../db/notes.js';
import { advance } from '../domain/advance.js';
import { Refused } from '../domain/refusals.js';
import { isTerminal } from '../domain/types.js';
import type { RequestDetails, RequestInput, Snapshot } from '../workflows/messages.js';
import { Problem } from './errors.js';
import type { Reader } from './present.js';
import type { Services } from './services.js';
import { isUpdateDropped, isWorkflowGone } from './temporal-errors.js';

/** The appointment as the reader sees it now. @throws Refused `unknown_appointment` when it is out of sight */
export async function readAgain(
  { db }: Pick<Services, 'db'>,
  reader: Reader,
  appointmentId: string,
): Promise<SeenAppointment> {
  const seen = await readAppointment(db, reader, appointmentId);
  if (seen === null) throw new Refused('unknown_appointment');
  return seen;
}

/** True when the clock or a commit says that it is over. */
export function isOver({ record, now }: SeenAppointment): boolean {
  return isTerminal(advance(record, now).record.status);
}

/** A workflow that has ended can't answer: PostgreSQL has the first decision on a repeat, and the end of everything else. */
async function answerWithoutWorkflow(services: Services, seen: SeenAppointment, requestId: string): Promise<void> {
  const decision = await readDecision(services.db, requestId);
  if (decision?.ok === true) return;
  if (decision !== null) throw new Refused(decision.code);
  throw isOver(seen) ? new Refused('already_over') : new Problem('workflow_missing');
}

const MOST_TRIES = 3;

/** Asks again, under the same id, where Temporal dropped the update: what was committed meanwhile is met, not repeated. */
async function askWorkflow(
  { calls }: Services,
  appointmentId: string,
  update: UpdateDefinition<Snapshot, [RequestInput]>,
  input: RequestInput,
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await calls.request(appointmentId, update, input);
      return;
    } catch (error) {
      if (tries === MOST_TRIES || !isUpdateDropped(error)) throw error;
    }
  }
}

/**
 * Sends a request that the workflow may refuse and answers with the appointment afterwards. A reason is kept as a note:
 * into the workflow and its history goes a reference.
 * @throws Problem with the refusal; `temporal_unavailable` when unknown: it may still be carried out
 */
export async function requestDecision(
  services: Services,
  caller: Reader,
  seen: SeenAppointment,
  request: {
    update: UpdateDefinition<Snapshot, [RequestInput]>;
    requestId: string;
    reason?: string;
    details?: RequestDetails;
  },
): Promise<SeenAppointment> {
  const { update, requestId, reason, details } = request;
  const appointmentId = seen.record.id;
  const kept =
    reason === undefined
      ? {}
      : { reason: await writeNote(services.db, { id: requestId, appointmentId, authorId: caller.id, text: reason }) };
  const input: RequestInput = {
    requestId,
    actor: { role: caller.role, id: caller.id },
    ...kept,
    ...(details === undefined ? {} : { details }),
  };
  try {
    await askWorkflow(services, appointmentId, update, input);
  } catch (error) {
    if (!isWorkflowGone(error)) throw error;
    await answerWithoutWorkflow(services, await readAgain(services, caller, appointmentId), requestId);
  }
  return readAgain(services, caller, appointmentId);
}
