import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { loadAppointment } from '../../db/appointment-record.js';
import { commitAppointment, recordEvidence, type CommitRequest, type Committed } from '../../db/commit.js';
import type { Db } from '../../db/database.js';
import { joinSession, leaveSession } from '../../db/joins.js';
import { openConnections, recordConnections, recordRoom, roomIdentity } from '../../db/rooms.js';
import { cancellationQuote } from '../../domain/cancellation.js';
import type { AppointmentRecord } from '../../domain/record.js';
import { isTerminal, type Actor, type Participant } from '../../domain/types.js';
import { MINUTE_MS, passTime, tryBooking } from '../support/appointments.js';
import { askProviders } from './card-steps.js';
import { choose, inTurn, someStart, type Model } from './model.js';
import type { Step } from './step.js';

/** What a step does, fixed before its first try, so that a repeat is the same request. Answers with what came of it. */
export type Deed = (db: Db) => Promise<string>;
export type Appointment = Model['appointments'][number];

/** Commits as the workflow does: in its turn, gathering evidence from outside until nothing is missing. */
export function workOffAll(model: Model, db: Db, id: string, request?: CommitRequest): Promise<string> {
  return inTurn(model, id, async () => {
    let committed = await commitAppointment(db, id, request);
    for (let asked = 0; committed?.needs != null; asked += 1) {
      if (asked > 5) throw new Error(`${id} asks for ${committed.needs} again and again`);
      if (committed.needs === 'payment') await askProviders(model, db, id);
      else await recordEvidence(db, id, 'attendance');
      committed = await commitAppointment(db, id, request);
    }
    if (committed !== null && isTerminal(committed.record.status)) model.over.add(id);
    return said(committed);
  });
}

function said(committed: Committed | null): string {
  if (committed === null) return 'no such appointment';
  const { decision, record } = committed;
  return decision === null || decision.ok ? record.status : decision.code;
}

export async function book(model: Model, { pick, a, b }: Step): Promise<Deed> {
  const client = choose(model.clients, pick);
  const therapist = choose(model.therapists, a);
  const appointmentId = randomUUID();
  const startsAt = await someStart(model.db, b);
  const sessionMode = choose(['video', 'audio', 'chat'] as const, a >> 8);
  return async (db) => {
    const parties = { client, therapist };
    const booking = { appointmentId, startsAt, durationMinutes: choose([10, 30, 60], b >> 3), sessionMode };
    const result = await tryBooking(db, parties, booking);
    if (!result.booked) return result.code;
    if (!model.appointments.some(({ id }) => id === appointmentId))
      model.appointments.push({ id: appointmentId, client, therapist });
    return 'booked';
  };
}

/** A request of a person that the workflow commits; its id is fixed, so that a repeat meets the first. */
export function request(
  model: Model,
  { id }: Appointment,
  kind: CommitRequest['kind'],
  actor: Actor,
  payload: CommitRequest['payload'] = {},
): Deed {
  const requestId = randomUUID();
  return (db) => workOffAll(model, db, id, { id: requestId, kind, actor, payload: { reason: 'walk', ...payload } });
}

export function actorOf(model: Model, appointment: Appointment, role: 'client' | 'therapist' | 'admin'): Actor {
  return { role, id: role === 'admin' ? model.admin.id : appointment[role].id };
}

const participantOf = (number: number): Participant => (number % 2 === 0 ? 'client' : 'therapist');

export function join(appointment: Appointment, { b }: Step): Deed {
  const participant = participantOf(b);
  return async (db) => {
    await joinSession(db, appointment.id, participant, appointment[participant].id);
    return `${participant} joined`;
  };
}

export function leave(appointment: Appointment, { b }: Step): Deed {
  const participant = participantOf(b);
  return async (db) => {
    await leaveSession(db, appointment.id, participant, appointment[participant].id);
    return `${participant} left`;
  };
}

/** The vendor tells that somebody is in the room. */
export function connect({ id }: Appointment, { b }: Step): Deed {
  const participant = participantOf(b);
  const participantSid = `PA${randomUUID()}`;
  return async (db) => {
    const loaded = await loadAppointment(db, id);
    if (loaded === null || loaded.record[participant].joinedAt === null) return 'has not joined';
    await recordRoom(db, id, loaded.record.sessionMode, `RM${id}`);
    const identity = roomIdentity(participant, participantSid);
    const connectedAt = new Date(loaded.now);
    await recordConnections(db, id, [{ participantSid, participant, identity, connectedAt, disconnectedAt: null }]);
    return `${participant} connected`;
  };
}

export function disconnect({ id }: Appointment, { b }: Step): Deed {
  const participant = participantOf(b);
  return async (db) => {
    const [open] = await openConnections(db, id, participant);
    const loaded = await loadAppointment(db, id);
    if (open === undefined || loaded === null) return 'nobody there';
    const now = new Date(loaded.now);
    const { participantSid, identity } = open;
    await recordConnections(db, id, [{ participantSid, participant, identity, connectedAt: now, disconnectedAt: now }]);
    return `${participant} disconnected`;
  };
}

/** A cancel by any role, with the quote that was shown, with another, or without. */
export async function cancel(model: Model, appointment: Appointment, { a, b }: Step): Promise<Deed> {
  const role = choose(['client', 'client', 'therapist', 'admin'] as const, a);
  const loaded = (await loadAppointment(model.db, appointment.id))!;
  const { refundMinor } = cancellationQuote(loaded.record, loaded.now, role);
  const expected = choose([{}, { expectedRefundMinor: refundMinor }, { expectedRefundMinor: refundMinor + 1 }], b);
  const refundTo = choose([{}, { refundTo: 'source' }, { refundTo: 'wallet' }], b >> 4);
  return request(model, appointment, 'cancel', actorOf(model, appointment, role), { ...expected, ...refundTo });
}

export async function reschedule(model: Model, appointment: Appointment, { a, b }: Step): Promise<Deed> {
  const role = choose(['client', 'admin'] as const, a);
  const startsAt = await someStart(model.db, b);
  return request(model, appointment, 'reschedule', actorOf(model, appointment, role), { startsAt });
}

/** Time passes for one appointment, to just before or after one of its deadlines. */
export async function letTimePass(model: Model, { id }: Appointment, { b }: Step): Promise<Deed | null> {
  const loaded = (await loadAppointment(model.db, id))!;
  const { record, now } = loaded;
  const { startsAt, endsAt, createdAt } = record;
  const moments = [
    createdAt + 31 * MINUTE_MS,
    startsAt - 16 * MINUTE_MS,
    startsAt - 14 * MINUTE_MS,
    startsAt - 4 * MINUTE_MS,
    startsAt + MINUTE_MS,
    startsAt + 11 * MINUTE_MS,
    startsAt + 16 * MINUTE_MS,
    endsAt - 1_000,
    endsAt + 1_000,
  ]
    .filter((moment) => moment > now && moment <= endsAt + 1_000)
    .toSorted((one, other) => one - other);
  if (moments.length === 0) return null;
  const fromStartMs = choose(moments.slice(0, 2), b) - startsAt;
  const pass = async (db: Db): Promise<string> => {
    const seen = (await loadAppointment(db, id))!;
    const ms = seen.record.startsAt + fromStartMs - seen.now;
    if (ms <= 0) return 'passed already';
    if (await wouldLieOnAnother(db, id, ms)) return 'would lie on another';
    await passTime(db, id, ms);
    return `${Math.round(ms / MINUTE_MS)} min passed`;
  };
  return (db) => inTurn(model, id, () => alone(model, record, () => pass(db)));
}

/** Nobody books, or moves a booking, of this client or this therapist meanwhile: the time that passes is not theirs. */
function alone<T>({ db }: Model, record: AppointmentRecord, work: () => Promise<T>): Promise<T> {
  const lock = (name: string) => sql`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`;
  return db.transaction().execute(async (trx) => {
    await lock(`booking:${record.clientId}`).execute(trx);
    await lock(`slot:${record.therapistId}`).execute(trx);
    return work();
  });
}

async function wouldLieOnAnother(db: Db, id: string, ms: number): Promise<boolean> {
  const { rows } = await sql<{ id: string }>`
    select o.id from appointment a join appointment o on o.id <> a.id and o.status in ('scheduled', 'confirmed', 'in_progress')
      and (o.therapist_id = a.therapist_id or o.client_id = a.client_id)
      and o.slot && tstzrange(lower(a.slot) - ${ms} * interval '1 millisecond', upper(a.slot) - ${ms} * interval '1 millisecond')
    where a.id = ${id} limit 1`.execute(db);
  return rows.length > 0;
}

/** The step that a life would naturally take next; null when it is over. */
export async function nextOf(model: Model, { id }: Appointment, step: Step): Promise<Step | null> {
  const loaded = await loadAppointment(model.db, id);
  if (loaded === null || isTerminal(loaded.record.status)) return null;
  const { record, now } = loaded;
  const { status, paidAt, activatedAt, client, therapist, startsAt } = record;
  const as = (kind: Step['kind'], b = step.b): Step => ({ ...step, kind, b });
  if (status === 'scheduled' && paidAt === null)
    return as(choose(['pay_by_wallet', 'start_card', 'provider_event', 'commit'] as const, step.a >> 4));
  const fate = id.charCodeAt(0) % 12; // hexadecimal digits: some never come, some are never activated
  if (status === 'scheduled' && activatedAt === null && fate > 0) return as('activate');
  if (status === 'scheduled')
    return now < startsAt - 5 * MINUTE_MS || activatedAt === null ? as('pass_time') : as('commit');
  if (client.joinedAt === null && fate !== 1 && fate !== 2) return as('join', 0);
  if (therapist.joinedAt === null && fate !== 2 && fate !== 3) return as('join', 1);
  if (client.joinedAt !== null && client.cameAt === null) return as('connect', 0);
  if (therapist.joinedAt !== null && therapist.cameAt === null) return as('connect', 1);
  return now < startsAt ? as('pass_time') : as(choose(['pass_time', 'end', 'commit'] as const, step.a >> 4));
}

/** Lets the delay of every earning so far pass. */
export function mature(): Deed {
  return async (db) => {
    await sql`
      update earning_entry set payable_at = clock_timestamp() where id in (
        select id from earning_entry where payable_at > clock_timestamp() for update skip locked)`.execute(db);
    return 'payable';
  };
}
