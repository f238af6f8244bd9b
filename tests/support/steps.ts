import { randomUUID } from 'node:crypto';
import { WithStartWorkflowOperation } from '@temporalio/client';
import { loadAppointment } from '../../db/appointment-record.js';
import { joinSession } from '../../db/joins.js';
import { markDelivered, storeMessage } from '../../db/messages.js';
import { payByWallet } from '../../db/payment-requests.js';
import { advance } from '../../domain/advance.js';
import type { AppointmentRecord } from '../../domain/record.js';
import type { Participant, SessionMode } from '../../domain/types.js';
import * as messages from '../../workflows/messages.js';
import type { TestPerson } from './people.js';
import type { World } from './world.js';

/** The steps of a life as the API takes them, without HTTP: each is one call a test can order and time. */

export interface Parties {
  client: TestPerson;
  therapist: TestPerson;
}

export interface BookOptions extends Parties {
  /** From now to the start, ms. */
  inMs: number;
  durationMinutes?: number;
  sessionMode?: SessionMode;
  appointmentId?: string;
}

/** Books by Update-With-Start and answers with the appointment's id. */
export async function book(world: World, options: BookOptions): Promise<string> {
  const { client, therapist, inMs, durationMinutes = 10, sessionMode = 'video', appointmentId = randomUUID() } = options;
  const startWorkflowOperation = new WithStartWorkflowOperation(messages.APPOINTMENT_WORKFLOW, {
    workflowId: messages.appointmentWorkflowId(appointmentId),
    taskQueue: world.taskQueue,
    args: [{ appointmentId }],
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
  });
  const startsAt = Date.now() + inMs;
  await world.temporal.workflow.executeUpdateWithStart(messages.book, {
    updateId: randomUUID(),
    args: [{ clientId: client.id, therapistId: therapist.id, startsAt, durationMinutes, sessionMode }],
    startWorkflowOperation,
  });
  return appointmentId;
}

export function handleOf(world: World, appointmentId: string) {
  return world.temporal.workflow.getHandle(messages.appointmentWorkflowId(appointmentId));
}

/** Signals a stored message as the API does. */
export async function signalStored(world: World, appointmentId: string, signal: string, messageId: string): Promise<void> {
  await handleOf(world, appointmentId).signal(signal, { messageId });
  await markDelivered(world.db, [messageId]);
}

export async function payFromWallet(world: World, appointmentId: string): Promise<void> {
  const { messageId } = await payByWallet(world.db, appointmentId);
  await signalStored(world, appointmentId, 'paymentSettled', messageId);
}

/** An admin's activation; answers with the message's id, by which its decision is known. */
export async function activate(world: World, appointmentId: string, admin: TestPerson): Promise<string> {
  const messageId = await storeMessage(world.db, { appointmentId, kind: 'activate', actor: { role: 'admin', id: admin.id }, signal: true });
  await signalStored(world, appointmentId, 'activate', messageId);
  return messageId;
}

/** Joins as the API does, and connects to the room where there is one. */
export async function join(world: World, appointmentId: string, participant: Participant, person: TestPerson): Promise<void> {
  const { messageId } = await joinSession(world.db, appointmentId, participant, person.id);
  await signalStored(world, appointmentId, 'participantJoined', messageId);
}

/** The durable record: what is committed. */
export async function stored(world: World, appointmentId: string): Promise<AppointmentRecord> {
  const loaded = await loadAppointment(world.db, appointmentId);
  if (loaded === null) throw new Error(`there is no appointment ${appointmentId}`);
  return loaded.record;
}

/** What a reader is shown now. */
export async function seen(world: World, appointmentId: string) {
  const loaded = await loadAppointment(world.db, appointmentId);
  if (loaded === null) throw new Error(`there is no appointment ${appointmentId}`);
  return advance(loaded.record, loaded.now);
}

/** Waits until `check` holds; fails with `what` after `limitMs`. */
export async function until(what: string, check: () => Promise<boolean>, limitMs = 10_000): Promise<void> {
  const end = Date.now() + limitMs;
  while (Date.now() < end) {
    if (await check()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`waited ${limitMs} ms in vain: ${what}`);
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
