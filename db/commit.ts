import { sql } from 'kysely';
import { nextWakeUp, type WakeUp } from '../domain/advance.js';
import { cancellationQuote } from '../domain/cancellation.js';
import { deadlinesOf } from '../domain/deadlines.js';
import type { Effect, MessageEvent } from '../domain/events.js';
import type { AppointmentRecord } from '../domain/record.js';
import type { RefusalCode } from '../domain/refusals.js';
import { workOff, type EvidenceNeed, type Step, type WorkedOff } from '../domain/work-off.js';
import { loadAppointment, lockAppointment, saveRecord } from './appointment-record.js';
import { databaseNow } from './clock.js';
import type { Db, Trx } from './database.js';
import type { JsonObject, MessageDecision } from './json.js';
import { extendLease, freeLease } from './leases.js';
import { markHandled, storeMessage, unhandledMessages, type NewMessage, type UnhandledMessage } from './messages.js';
import { lookUpMove } from './moves.js';
import { voidUnsent, writeNotifications } from './notification-rows.js';
import { fundAndHold, isPrice, readArrival, releaseMoney, returnLateMoney, type Arrival } from './payments.js';
import { therapistStretches } from './rooms.js';
import { wishForRoom } from './room-wishes.js';
import { writeTimeline, type TimelineNote } from './timeline.js';

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
}

interface Working {
  trx: Trx;
  /** PostgreSQL's clock, epoch ms. */
  now: number;
  paidPaymentId: string | null;
  arrivals: Map<string, Arrival | null>;
  /** Cancellations whose client asked for the money on the wallet. */
  refundTo: Map<string, 'wallet'>;
  decided: { id: string; decision: MessageDecision }[];
}

/** Money, leases and notifications of one step, in the transaction that writes the status. */
async function carryOut(working: Working, record: AppointmentRecord, step: Step, effect: Effect): Promise<void> {
  const { trx } = working;
  const arrival = step.messageId === null ? null : (working.arrivals.get(step.messageId) ?? null);
  const release = {
    refundTo: working.refundTo.get(step.messageId ?? '') ?? ('source' as const),
    reason: record.outcome?.reason ?? step.decision.event,
    actor: step.actor,
  };
  switch (effect.do) {
    case 'fund_and_hold':
      await fundAndHold(trx, record, arrival!);
      working.paidPaymentId = arrival!.payment.id;
      return;
    case 'return_late_money':
      if (arrival !== null) await lateMoney(working, record, arrival);
      return;
    case 'settle_hold':
      return releaseMoney(trx, record, { ...release, chargeMinor: 'all' });
    case 'void_hold':
      return releaseMoney(trx, record, { ...release, chargeMinor: 0 });
    case 'charge_cancellation': {
      const { chargeMinor } = cancellationQuote(record, step.decision.at, step.actor.role);
      return releaseMoney(trx, record, { ...release, chargeMinor });
    }
    case 'extend_lease':
      return extendLease(trx, record.therapistId, record.id, new Date(record.endsAt));
    case 'free_lease':
      return freeLease(trx, record.therapistId, record.id);
    case 'void_unsent':
      return voidUnsent(trx, record.id);
    case 'notify': {
      const { kind, to } = effect;
      if (kind === 't5' && record.openingPreparedAt !== null) return; // they lie ready since T-15
      const timed = kind === 't15' || kind === 't5';
      await writeNotifications(trx, record, { kind, to, notBefore: timed ? step.decision.at : working.now });
    }
  }
}

async function lateMoney(working: Working, record: AppointmentRecord, arrival: Arrival): Promise<void> {
  await returnLateMoney(working.trx, record, arrival);
  await writeNotifications(working.trx, record, {
    kind: 'late_money_returned',
    to: ['client'],
    notBefore: working.now,
  });
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

async function handled(working: Working, id: string, decision: MessageDecision): Promise<void> {
  await markHandled(working.trx, id, decision);
  working.decided.push({ id, decision });
}

async function write(working: Working, worked: WorkedOff, messages: readonly UnhandledMessage[]): Promise<void> {
  const notes: TimelineNote[] = [];
  for (const step of worked.steps) {
    const { decision } = step;
    const record = decision.allowed ? decision.record : worked.record;
    for (const effect of decision.effects) await carryOut(working, record, step, effect);
    const note = noteOf(
      step,
      messages.find(({ id }) => id === step.messageId),
    );
    if (note !== null) notes.push(note);
    if (step.messageId !== null) await handled(working, step.messageId, decisionOf(step));
  }
  await writeTimeline(working.trx, worked.record, notes);
}

/** Messages about money are checked against the payment's row first: what names none of it is refused, nothing moves. */
async function sortOutArrivals(
  working: Working,
  record: AppointmentRecord,
  messages: UnhandledMessage[],
): Promise<UnhandledMessage[]> {
  const kept: UnhandledMessage[] = [];
  for (const message of messages) {
    if (message.event !== 'payment_settled') {
      kept.push(message);
      continue;
    }
    const arrival = await readArrival(working.trx, record.id, message.payload);
    working.arrivals.set(message.id, arrival);
    const code: RefusalCode | null =
      arrival === null ? 'no_payment' : isPrice(arrival, record) ? null : 'amount_mismatch';
    if (code === null) {
      kept.push(message);
      continue;
    }
    if (arrival !== null) await lateMoney(working, record, arrival);
    await handled(working, message.id, { ok: false, code });
    await writeTimeline(working.trx, record, [
      { kind: message.event, actor: message.actor, due: message.receivedAt, detail: { refused: code } },
    ]);
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

async function readRequestDecision(trx: Trx, requestId: string | undefined): Promise<MessageDecision | null> {
  if (requestId === undefined) return null;
  const row = await trx.selectFrom('message').where('id', '=', requestId).select('decision').executeTakeFirst();
  return row?.decision ?? null;
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
    const loaded = await lockAppointment(trx, appointmentId);
    if (loaded === null) return null;
    const unhandled = await unhandledMessages(trx, appointmentId);
    const now = await databaseNow(trx); // read after the messages: none of them is later
    const working: Working = {
      trx,
      now,
      paidPaymentId: loaded.row.paidPaymentId,
      arrivals: new Map(),
      refundTo: new Map(),
      decided: [],
    };
    const seen = { ...loaded.record, therapistStretches: await therapistStretches(trx, appointmentId) };
    // A move's locks before money's: in the other order two commits of one client might wait for each other.
    const messages = await sortOutArrivals(working, seen, await prepare(working, seen, unhandled));
    const worked = workOff(seen, messages, now);
    await write(working, worked, messages);
    let { record } = worked;
    if (worked.prepareOpening) record = await prepareOpening(working, record);
    const changed = worked.steps.some(({ decision }) => decision.allowed && !decision.quiet) || worked.prepareOpening;
    if (changed) {
      await saveRecord(trx, record, working.paidPaymentId);
      await wishForRoom(trx, loaded, record, now);
      record = (await loadAppointment(trx, appointmentId))!.record; // with payment, hold and lease as they are now
    }
    return {
      record,
      version: loaded.row.version + (changed ? 1 : 0),
      now,
      next: nextWakeUp(record),
      needs: worked.needs,
      decision: await readRequestDecision(trx, request?.id),
      decided: working.decided,
    };
  });
}

/** T-5's rows, written ahead: they wait for the due time, and who gets which is decided then. */
async function prepareOpening(working: Working, record: AppointmentRecord): Promise<AppointmentRecord> {
  const { opensAt } = deadlinesOf(record);
  await writeNotifications(working.trx, record, { kind: 't5', to: ['client', 'therapist'], notBefore: opensAt });
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
