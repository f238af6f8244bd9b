import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { Logger } from 'pino';
import { commitAppointment } from '../db/commit.js';
import type { Db } from '../db/database.js';
import { claimMessages, markDelivered } from '../db/messages.js';
import { appointmentWorkflowId, SIGNAL_OF_MESSAGE } from '../workflows/messages.js';
import { callTemporal } from './temporal-call.js';

export interface MessageRelayDependencies {
  db: Db;
  temporal: Client;
  log: Logger;
}

/** Signals on their way to Temporal at once. */
export const MESSAGES_AT_ONCE = 100;

type Claimed = Awaited<ReturnType<typeof claimMessages>>[number];

/**
 * Sends the signals whose first sending failed. An appointment whose workflow has ended answers from PostgreSQL: the
 * same commit refuses the message there, and late money is returned. @returns how many messages were claimed
 */
export async function relayMessages(deps: MessageRelayDependencies): Promise<number> {
  const claimed = await claimMessages(deps.db, MESSAGES_AT_ONCE);
  await Promise.all(claimed.map((message) => relay(deps, message)));
  return claimed.length;
}

/** Never throws: a message that nobody can decide must not keep the relay from the others. */
async function relay(deps: MessageRelayDependencies, message: Claimed): Promise<void> {
  const signal = SIGNAL_OF_MESSAGE[message.kind as keyof typeof SIGNAL_OF_MESSAGE];
  if (signal === undefined) return;
  const { id: messageId, appointmentId } = message;
  try {
    await send(deps, message, signal);
  } catch (error) {
    deps.log.warn(
      { messageId, appointmentId, error: String(error) },
      'a signal could not be sent; the relay tries again',
    );
  }
}

async function send(
  { db, temporal }: MessageRelayDependencies,
  { id, appointmentId }: Claimed,
  signal: string,
): Promise<void> {
  try {
    const handle = temporal.workflow.getHandle(appointmentWorkflowId(appointmentId));
    await callTemporal(temporal, () => handle.signal(signal, { messageId: id }));
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    return decideAfterEnd(db, appointmentId);
  }
  await markDelivered(db, [id]);
}

/** Only for a row that is over: a live row without a workflow waits, is shown in attention, and is repaired. */
async function decideAfterEnd(db: Db, appointmentId: string): Promise<void> {
  const row = await db.selectFrom('appointment').where('id', '=', appointmentId).select('outcomeAt').executeTakeFirst();
  if (row?.outcomeAt != null) await commitAppointment(db, appointmentId);
}
