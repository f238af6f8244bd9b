import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { renewResource } from '../db/idempotency.js';
import { readAppointment, type Scope } from '../db/lists.js';
import type { SeenAppointment } from '../db/seen-appointment.js';
import { Refused } from '../domain/refusals.js';
import type { SessionMode } from '../domain/types.js';
import { Problem } from './errors.js';
import type { Attempt } from './idempotency.js';
import { isUuid } from './ids.js';
import type { Services } from './services.js';
import { isWorkflowGone } from './temporal-errors.js';

/** A booking as a client asks for it; `startsAt` in epoch ms. */
export interface BookingRequest {
  therapistId: string;
  startsAt: number;
  durationMinutes: number;
  sessionMode: SessionMode;
}

/**
 * Books through the workflow of the id that the idempotency row minted; a retry meets the same workflow and gets its
 * first answer. A workflow that ended before its booking came (the first try was lost) never books: then another id is
 * minted, once. @throws Problem with the refusal, `temporal_unavailable` when it could not be settled in time
 */
export async function bookAppointment(
  services: Services,
  client: Scope,
  request: BookingRequest,
  attempt: Attempt,
): Promise<SeenAppointment> {
  if (!isUuid(request.therapistId)) throw new Refused('unknown_therapist');
  const { db } = services;
  const booking = { ...request, therapistId: request.therapistId.toLowerCase(), clientId: client.id };
  const first = await settle(services, attempt.resourceId, attempt.requestId, booking);
  if (first) return seenOrLost(db, client, attempt.resourceId);
  const booked = await readAppointment(db, client, attempt.resourceId);
  if (booked !== null) return booked;
  const renewedId = attempt.key === null ? attempt.resourceId : await renewResource(db, attempt.key);
  if (await settle(services, renewedId, attempt.requestId, booking)) return seenOrLost(db, client, renewedId);
  throw new Problem('temporal_unavailable');
}

/**
 * @returns false when the workflow of this id is over and takes no booking any more
 * @throws Problem `temporal_unavailable` when its run was ended under the booking (terminated, or reset after its worker
 * died), which may have been carried out
 */
async function settle(
  { calls }: Services,
  appointmentId: string,
  updateId: string,
  booking: Parameters<Services['calls']['book']>[2],
): Promise<boolean> {
  try {
    await calls.book(appointmentId, updateId, booking);
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    if (isWorkflowGone(error)) throw new Problem('temporal_unavailable', { cause: error });
    throw error;
  }
}

async function seenOrLost(db: Services['db'], client: Scope, appointmentId: string): Promise<SeenAppointment> {
  const seen = await readAppointment(db, client, appointmentId);
  if (seen === null) throw new Error(`appointment ${appointmentId} was booked and has no row`);
  return seen;
}
