import { randomUUID } from 'node:crypto';
import { ApplicationFailure, WithStartWorkflowOperation, WorkflowUpdateFailedError } from '@temporalio/client';
import { loadAppointment } from '../../db/appointment-record.js';
import { joinSession } from '../../db/joins.js';
import { markDelivered, storeMessage } from '../../db/messages.js';
import { payByWallet } from '../../db/payment-requests.js';
import { readRoom, roomIdentity } from '../../db/rooms.js';
import { readTimeline } from '../../db/timeline.js';
import { advance } from '../../domain/advance.js';
import type { AppointmentRecord } from '../../domain/record.js';
import type { Actor, Participant, SessionMode } from '../../domain/types.js';
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
  const {
    client,
    therapist,
    inMs,
    durationMinutes = 10,
    sessionMode = 'video',
    appointmentId = randomUUID(),
  } = options;
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
export async function signalStored(
  world: World,
  appointmentId: string,
  signal: string,
  messageId: string,
): Promise<void> {
  await handleOf(world, appointmentId).signal(signal, { messageId });
  await markDelivered(world.db, [messageId]);
}

export async function payFromWallet(world: World, appointmentId: string): Promise<void> {
  const { messageId } = await payByWallet(world.db, appointmentId);
  await signalStored(world, appointmentId, 'paymentSettled', messageId);
}

/** An admin's activation whose signal never went out: the relay sends it. */
export function activateStoredOnly(world: World, appointmentId: string, admin: TestPerson): Promise<string> {
  return storeMessage(world.db, {
    appointmentId,
    kind: 'activate',
    actor: { role: 'admin', id: admin.id },
    signal: true,
  });
}

/** An admin's activation; answers with the message's id, by which its decision is known. */
export async function activate(world: World, appointmentId: string, admin: TestPerson): Promise<string> {
  const messageId = await activateStoredOnly(world, appointmentId, admin);
  await signalStored(world, appointmentId, 'activate', messageId);
  return messageId;
}

/** Joins as the API does; `connect` also connects to the video room, which must be alive. */
export async function join(
  world: World,
  appointmentId: string,
  participant: Participant,
  person: TestPerson,
  { connect = true } = {},
): Promise<void> {
  const { messageId, loaded } = await joinSession(world.db, appointmentId, participant, person.id);
  await signalStored(world, appointmentId, 'participantJoined', messageId);
  const { sessionMode, meetingId } = loaded.row;
  if (!connect || sessionMode === 'chat') return;
  await until('the room is alive', async () => (await readRoom(world.db, appointmentId))?.status === 'alive');
  await world.sandbox.control.rooms.connect(meetingId, {
    identity: roomIdentity(participant, randomUUID().slice(0, 12)),
  });
}

/** Books, pays from the wallet and activates: everything is committed when it answers. */
export async function activated(world: World, options: BookOptions & { admin: TestPerson }): Promise<string> {
  const id = await book(world, options);
  await payFromWallet(world, id);
  await activate(world, id, options.admin);
  await until('activated', async () => (await stored(world, id)).activatedAt !== null);
  return id;
}

/** The same, until T-5 is committed. */
export async function confirmed(world: World, options: BookOptions & { admin: TestPerson }): Promise<string> {
  const id = await activated(world, options);
  await until('confirmed', async () => (await stored(world, id)).status === 'confirmed');
  return id;
}

/** An update with a request's own id, as the API sends it. */
export function request(
  world: World,
  appointmentId: string,
  update: typeof messages.endSession,
  actor: Actor,
  reason?: string,
  details?: messages.RequestDetails,
) {
  const requestId = randomUUID();
  return handleOf(world, appointmentId).executeUpdate(update, {
    updateId: requestId,
    args: [{ requestId, actor, reason, details }],
  });
}

export function endBy(world: World, appointmentId: string, participant: Participant, person: TestPerson) {
  return request(world, appointmentId, messages.endSession, { role: participant, id: person.id });
}

/** The code of a refusal that an update answered with, or the error itself when it is something else. */
export function refusalOf(error: unknown): string {
  if (error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure)
    return error.cause.type ?? 'untyped';
  throw error;
}

/** Kinds of the timeline in their order, refusals as `kind:code`. */
export async function timelineOf(world: World, appointmentId: string): Promise<string[]> {
  const entries = await readTimeline(world.db, appointmentId);
  return entries.map(({ kind, detail }) => ('refused' in detail ? `${kind}:${String(detail['refused'])}` : kind));
}

/** Every ledger account's balance by its kind, of the owners given and the platform. */
export async function balances(world: World, ...owners: TestPerson[]): Promise<Record<string, number>> {
  const rows = await world.db
    .selectFrom('account')
    .where((eb) =>
      eb.or([
        eb('ownerId', 'is', null),
        eb(
          'ownerId',
          'in',
          owners.map(({ id }) => id),
        ),
      ]),
    )
    .select(['kind', 'balanceMinor', 'heldMinor'])
    .execute();
  return Object.fromEntries(
    rows.flatMap(({ kind, balanceMinor, heldMinor }) => [
      [kind, balanceMinor],
      [`${kind}_held`, heldMinor],
    ]),
  );
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
