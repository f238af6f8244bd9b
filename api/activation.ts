import type { SeenAppointment } from '../db/seen-appointment.js';
import { readDecision, storeMessage } from '../db/messages.js';
import { writeNote } from '../db/notes.js';
import { Refused } from '../domain/refusals.js';
import type { Reader } from './present.js';
import { isOver } from './request-decision.js';
import type { Services } from './services.js';

const PATIENCE_MS = 2_000;

/**
 * Activates: stores the message under the request's id, sends the signal and waits for the decision that the workflow
 * commits under that id. @returns false while it is undecided after two seconds, or `patienceMs`. @throws Refused with its code
 */
export async function activate(
  { db, messenger, decisions }: Services,
  admin: Reader,
  seen: SeenAppointment,
  request: { requestId: string; reason?: string | undefined; patienceMs?: number },
): Promise<boolean> {
  const { requestId, reason, patienceMs = PATIENCE_MS } = request;
  const appointmentId = seen.record.id;
  if (isOver(seen) && (await readDecision(db, requestId)) === null) throw new Refused('already_over');
  const note = { id: requestId, appointmentId, authorId: admin.id };
  const payload = reason === undefined ? {} : { reason: await writeNote(db, { ...note, text: reason }) };
  await storeMessage(db, {
    id: requestId,
    appointmentId,
    kind: 'activate',
    actor: { role: 'admin', id: admin.id },
    payload,
    signal: true,
  });
  messenger.tell(appointmentId, 'activate', requestId);
  const decision = await decisions.decision(requestId, patienceMs);
  if (decision === null) return false;
  if (!decision.ok) throw new Refused(decision.code);
  return true;
}
