import { setTimeout as pause } from 'node:timers/promises';
import type { SeenAppointment } from '../db/lists.js';
import { readDecision, storeMessage } from '../db/messages.js';
import { Refused } from '../domain/refusals.js';
import type { Reader } from './present.js';
import { isOver } from './request-decision.js';
import type { Services } from './services.js';

const POLL_MS = 50;
const PATIENCE_MS = 2_000;

/**
 * Activates: stores the message under the request's id, sends the signal and waits for the decision that the workflow
 * commits under that id. @returns false while it is undecided after two seconds. @throws Refused with its code
 */
export async function activate(
  { db, messenger }: Services,
  admin: Reader,
  seen: SeenAppointment,
  request: { requestId: string; reason?: string | undefined },
): Promise<boolean> {
  const { requestId, reason } = request;
  const appointmentId = seen.record.id;
  if (isOver(seen) && (await readDecision(db, requestId)) === null) throw new Refused('already_over');
  const payload = reason === undefined ? {} : { reason };
  await storeMessage(db, {
    id: requestId,
    appointmentId,
    kind: 'activate',
    actor: { role: 'admin', id: admin.id },
    payload,
    signal: true,
  });
  messenger.tell(appointmentId, 'activate', requestId);
  const giveUpAt = Date.now() + PATIENCE_MS;
  for (;;) {
    const decision = await readDecision(db, requestId);
    if (decision?.ok === true) return true;
    if (decision !== null) throw new Refused(decision.code);
    if (Date.now() >= giveUpAt) return false;
    await pause(POLL_MS);
  }
}
