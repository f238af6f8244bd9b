import { randomUUID } from 'node:crypto';
import { databaseNow } from '../../db/clock.js';
import { commitAppointment } from '../../db/commit.js';
import type { Db } from '../../db/database.js';
import { joinSession } from '../../db/joins.js';
import { storeMessage } from '../../db/messages.js';
import { payByWallet } from '../../db/payment-requests.js';
import type { Policy } from '../../domain/policy.js';
import type { SessionMode } from '../../domain/types.js';
import { bookAppointment, passTime } from '../support/appointments.js';
import { makeClient, makeTherapist, type TestPerson } from '../support/people.js';
import { momentOf, type Moment } from './hold.js';

/** One appointment that is raced for. */
export interface Racing {
  id: string;
  client: TestPerson;
  therapist: TestPerson;
}

/** How far an appointment is brought before its race. */
export type Stage = 'booked' | 'paid' | 'activated' | 'open' | 'in_progress' | 'completed';
const STAGES: readonly Stage[] = ['booked', 'paid', 'activated', 'open', 'in_progress', 'completed'];

/** Far enough that no deadline comes while it is arranged. */
const FAR_MS = 900_000;
/** A policy minute of a race: a second, so that the deadlines beside the one raced for are far. */
const MINUTE_MS = 1_000;

export interface Wish {
  stage: Stage;
  policy?: Partial<Policy>;
  appointmentId?: string;
  client?: TestPerson;
  therapist?: TestPerson;
  /** How far away it is booked, for two that must not overlap; a quarter of an hour unless said otherwise. */
  farMs?: number;
  sessionMode?: SessionMode;
  durationMinutes?: number;
}

/**
 * Brings an appointment, a chat hour of 60.00 unless said otherwise, to a stage by the commits that a worker would make; it has no workflow.
 * From `open` on it is forced open, so that no clock runs against it.
 */
export async function arrangeRow(db: Db, admin: TestPerson, wish: Wish): Promise<Racing> {
  const { stage, farMs = FAR_MS, appointmentId = randomUUID() } = wish;
  const client = wish.client ?? (await makeClient(db));
  const still = { minuteMs: MINUTE_MS, paymentWindowMinutes: 6_000, maxUnpaidBookings: 100, wakeSpreadMs: 0 };
  const therapist = wish.therapist ?? (await makeTherapist(db, { ...still, ...wish.policy }));
  const { sessionMode = 'chat', durationMinutes = 60 } = wish;
  const asked = { inMs: farMs, sessionMode, durationMinutes, appointmentId };
  const id = await bookAppointment(db, { client, therapist }, asked);
  const reached = (wanted: Stage): boolean => STAGES.indexOf(stage) >= STAGES.indexOf(wanted);
  const by = { role: 'admin', id: admin.id } as const;
  if (reached('paid')) await payByWallet(db, id);
  if (reached('activated')) await storeMessage(db, { appointmentId: id, kind: 'activate', actor: by, signal: false });
  if (reached('paid')) await commitAppointment(db, id);
  if (reached('open')) {
    const payload = { reason: 'a test' };
    await commitAppointment(db, id, { id: randomUUID(), kind: 'force_confirm', actor: by, payload });
  }
  if (reached('in_progress')) {
    await joinSession(db, id, 'client', client.id);
    await joinSession(db, id, 'therapist', therapist.id);
    await commitAppointment(db, id);
  }
  if (reached('completed')) {
    await commitAppointment(db, id, { id: randomUUID(), kind: 'end', actor: { role: 'client', id: client.id } });
  }
  return { id, client, therapist };
}

/** Shifts the appointment in time, so that this moment comes `inMs` milliseconds from now. */
export async function bring(db: Db, { id }: Pick<Racing, 'id'>, moment: Moment, inMs: number): Promise<void> {
  await passTime(db, id, (await momentOf(db, id, moment)) - inMs - (await databaseNow(db)));
}
