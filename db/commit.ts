import { sql } from 'kysely';
import { nextWakeUp, type WakeUp } from '../domain/advance.js';
import { deadlinesOf } from '../domain/deadlines.js';
import type { MessageEvent } from '../domain/events.js';
import type { AppointmentRecord } from '../domain/record.js';
import type { RefusalCode } from '../domain/refusals.js';
import { workOff, type EvidenceNeed, type Step, type WorkedOff } from '../domain/work-off.js';
import { loadAppointment, type LoadedAppointment } from './appointment-record.js';
import { carryOut, lateMoney, type Working } from './commit-effects.js';
import { lockForCommit, writeCommit } from './commit-rows.js';
import type { Db, Trx } from './database.js';
import type { JsonObject, MessageDecision } from './json.js';
import { readDecision, storeMessage, type NewMessage, type UnhandledMessage } from './messages.js';
import { lookUpMove } from './moves.js';
import { isPrice, readArrival } from './payments.js';
import { wishForRoom } from './room-wishes.js';
import type { TimelineNote } from './timeline.js';

/** The appointment after a commit, and what is left to do. */
export interface Committed {
  record: AppointmentRecord;
  version: number;
  /** PostgreSQL's clock at the commit, epoch ms. */
  now: number;
  next: WakeUp | null;
  needs: EvidenceNeed | null;
  /** The decision on the request that came with this commit; null without one or while evidence is awaited. */
  decision: MessageDecision | null;
  /** Every message this commit decided, in its order. */
  decided: { id: string; decision: MessageDecision }[];
  /** How long the deadlines that it wrote down were due, the longest, ms; 0 without any. */
  lateMs: number;
}

function noteOf({ decision, actor }: Step, message: UnhandledMessage | undefined): TimelineNote | null {
  if (decision.allowed && decision.quiet) return null;
  const reason = message?.payload['reason'];
  const detail = {
    ...(decision.allowed ? { status: decision.record.status } : { refused: decision.code }),
    ...(typeof reason === 'string' ? { reason } : {}),
  };
  return { kind: decision.event, actor, due: decision.at, detail };
}

function decisionOf({ decision }: Step): MessageDecision {
  return decision.allowed ? { ok: true } : { ok: false, code: decision.code };
}

/** Carries the steps out in their order; what can be written together is left to the end. */
async function carryOutAll(working: Working, worked: WorkedOff, messages: readonly UnhandledMessage[]): Promise<void> {
  for (const step of worked.steps) {
    const { decision } = step;
    const record = decision.allowed ? decision.record : worked.record;
    for (const effect of decision.effects) await carryOut(working, record, step, effect);
    const note = noteOf(
      step,
      messages.find(({ id }) => id === step.messageId),
    );
    if (note !== null) working.notes.push(note);
    if (step.messageId !== null) working.decided.push({ id: step.messageId, decision: decisionOf(step) });
  }
}

/** Messages about money are checked against the payment's row first: what names none of it is refused, nothing moves. */
async function sortOutArrivals(
  working: Working,
  record: AppointmentRecord,
  messages: UnhandledMessage[],
): Promise<UnhandledMessage[]> {
  const kept: UnhandledMessage[] = [];
  for (const message of messages) {
    const { id, event, actor, receivedAt } = message;
    if (event !== 'payment_settled') {
      kept.push(message);
      continue;
    }
    const arrival = await readArrival(working.trx, record.id, message.payload);
    working.arrivals.set(id, arrival);
    const code: RefusalCode | null =
      arrival === null ? 'no_payment' : isPrice(arrival, record) ? null : 'amount_mismatch';
    if (code === null) {
      kept.push(message);
      continue;
    }
    if (arrival !== null) await lateMoney(working, record, arrival);
    working.decided.push({ id, decision: { ok: false, code } });
    working.notes.push({ kind: event, actor, due: receivedAt, detail: { refused: code } });
  }
  return kept;
}

/** Reads what a decision needs beside the message: the slot for a move, a cancel's expectation and where its money goes. */
async function prepare(
  working: Working,
  record: AppointmentRecord,
  messages: UnhandledMessage[],
): Promise<UnhandledMessage[]> {
  return Promise.all(
    messages.map(async (message) => {
      const { event, payload, actor } = message;
      if (event === 'reschedule' || event === 'extend')
        return { ...message, move: await lookUpMove(working.trx, record, message) };
      if (event !== 'cancel') return message;
      if (payload['refundTo'] === 'wallet' && actor.role === 'client') working.refundTo.set(message.id, 'wallet');
      const expected = payload['expectedRefundMinor'];
      return typeof expected === 'number' ? { ...message, expectedRefundMinor: expected } : message;
    }),
  );
}

/** The decision of this commit, or, on a repeat, that of the first. */
async function decisionOn({ trx, decided }: Working, requestId: string | undefined): Promise<MessageDecision | null> {
  if (requestId === undefined) return null;
  const mine = decided.find(({ id }) => id === requestId);
  return mine === undefined ? readDecision(trx, requestId) : mine.decision;
}

/** A request that the workflow may refuse (end, force-confirm, ...): stored like any message, under its own id. */
export type CommitRequest = { id: string; kind: MessageEvent; actor: NewMessage['actor']; payload?: JsonObject };

/**
 * The one way an appointment changes after its booking: in one transaction locks the row, works off every stored
 * message and due deadline in order of their times, and writes row, ledger, timeline and notifications together. A
 * repeat changes nothing; a repeated request gets its first decision. @returns null for an appointment that isn't there.
 */
export async function commitAppointment(
  db: Db,
  appointmentId: string,
  request?: CommitRequest,
): Promise<Committed | null> {
  return db.transaction().execute(async (trx) => {
    if (request !== undefined) await storeMessage(trx, { ...request, appointmentId, signal: false });
    const found = await lockForCommit(trx, appointmentId);
    if (found === null) return null;
    const { loaded } = found;
    const { now, record: seen } = loaded;
    const working = begin(trx, loaded);
    // A move's locks before money's: in the other order two commits of one client might wait for each other.
    const messages = await sortOutArrivals(working, seen, await prepare(working, seen, found.messages));
    const worked = workOff(seen, messages, now);
    await carryOutAll(working, worked, messages);
    let { record } = worked;
    if (worked.prepareOpening) record = prepareOpening(working, record);
    const changed = worked.steps.some(({ decision }) => decision.allowed && !decision.quiet) || worked.prepareOpening;
    if (changed) await wishForRoom(trx, loaded, record, now);
    const decision = await decisionOn(working, request?.id);
    await writeCommit(working, record, changed);
    if (working.moneyMoved) record = (await loadAppointment(trx, appointmentId))!.record; // payment and hold as they are now
    else if (working.isSettled) record = { ...record, hold: 'settled' };
    return {
      record,
      version: loaded.row.version + (changed ? 1 : 0),
      now,
      next: nextWakeUp(record),
      needs: worked.needs,
      decision,
      decided: working.decided,
      lateMs: latenessOf(worked, now),
    };
  });
}

function begin(trx: Trx, { now, row }: LoadedAppointment): Working {
  return {
    trx,
    now,
    paidPaymentId: row.paidPaymentId,
    arrivals: new Map(),
    refundTo: new Map(),
    decided: [],
    notes: [],
    told: [],
    freesLease: false,
    isSettled: false,
    moneyMoved: false,
  };
}

function latenessOf({ steps }: WorkedOff, now: number): number {
  const deadlines = steps.filter(
    ({ actor, decision }) => actor.role === 'system' && decision.allowed && !decision.quiet,
  );
  return Math.max(0, ...deadlines.map(({ decision }) => now - decision.at));
}

/** T-5's rows, written ahead: they wait for the due time, and who gets which is decided then. */
function prepareOpening(working: Working, record: AppointmentRecord): AppointmentRecord {
  const { opensAt } = deadlinesOf(record);
  working.told.push({ record, notification: { kind: 't5', to: ['client', 'therapist'], notBefore: opensAt } });
  return { ...record, openingPreparedAt: working.now };
}

/** Records that the provider was asked, or the room's record read: the commit that waits for it may decide. */
export async function recordEvidence(db: Db, appointmentId: string, need: EvidenceNeed): Promise<void> {
  const column = need === 'payment' ? 'paymentCheckedAt' : 'attendanceReadAt';
  await db
    .updateTable('appointment')
    .set({ [column]: sql`clock_timestamp()` })
    .where('id', '=', appointmentId)
    .execute();
}
