import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  patched,
  setHandler,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import type { CommitInput } from '../activities/types.js';
import type { MessageEvent } from '../domain/events.js';
import { refusal, type RefusalCode } from '../domain/refusals.js';
import type { AppointmentInput, BookInput, RequestInput, Snapshot } from './messages.js';
import * as messages from './messages.js';
import { areDetails, isBookInput, isRequestInput, parseOperatorActivation, parseStoredSignal } from './parse.js';
import { providersOf, records } from './proxies.js';
import { AppointmentState } from './state.js';

/** The booking comes in the first task; a workflow whose booking was rejected there ends itself after this long. */
const BOOKING_LIMIT_MS = 10_000;

export type AppointmentResult =
  | { ended: 'over'; status: Snapshot['status']; reason: string | null }
  | { ended: 'refused'; code: RefusalCode }
  | { ended: 'never_booked' };

function refuse(code: RefusalCode): ApplicationFailure {
  const { message, remedy } = refusal(code);
  return ApplicationFailure.nonRetryable(message, code, { remedy });
}

/** One appointment from its booking to its end. The row in PostgreSQL is the truth; this makes it durable on time. */
class Appointment {
  private readonly state = new AppointmentState();
  private readonly providers = providersOf(workflowInfo().taskQueue);
  private refusedBooking: RefusalCode | null = null;
  private lastCommit: Promise<unknown> = Promise.resolve();
  private roomAsked = false;

  constructor(private readonly input: AppointmentInput) {
    this.registerHandlers();
  }

  async run(): Promise<AppointmentResult> {
    if (this.input.resume === true) await this.commit();
    else await this.untilBooked();
    if (this.state.snapshot !== null) await this.live();
    await condition(allHandlersFinished);
    return this.result();
  }

  /**
   * A booking that is under way when the time is over still books (PostgreSQL was slow, a worker was killed); and one
   * whose task was lost with its server may have left a row, whose workflow this is.
   */
  private async untilBooked(): Promise<void> {
    const decided = (): boolean => this.state.snapshot !== null || this.refusedBooking !== null;
    if (await condition(decided, BOOKING_LIMIT_MS)) return;
    await condition(() => decided() || allHandlersFinished());
    if (!decided() && patched('adopt-row-without-booking')) await this.commit();
  }

  private result(): AppointmentResult {
    const { snapshot } = this.state;
    if (snapshot !== null) return { ended: 'over', status: snapshot.status, reason: snapshot.outcome?.reason ?? null };
    return this.refusedBooking === null ? { ended: 'never_booked' } : { ended: 'refused', code: this.refusedBooking };
  }

  /** Sleeps for one deadline after the other until the appointment is over. */
  private async live(): Promise<void> {
    while (!this.state.over) {
      const snapshot = this.state.snapshot!;
      if (snapshot.needs !== null) {
        await this.gather(snapshot.needs);
        await this.commit();
        continue;
      }
      if (snapshot.ensureRoom === true) this.askForRoom();
      if (await this.deadlinePassed(snapshot)) await this.commit();
    }
    await this.closeDown();
  }

  /** One timer for the next deadline, armed anew only when the deadline changes. @returns false when something else came */
  private async deadlinePassed({ next }: Snapshot): Promise<boolean> {
    if (next === null) throw new Error('a live appointment has no deadline');
    const key = (): string => {
      const { next: current, needs, ensureRoom } = this.state.snapshot!;
      return `${current?.event}@${current?.due}/${needs}/${ensureRoom && !this.roomAsked}`;
    };
    const armed = key();
    const elapsedMs = Date.now() - this.state.adoptedAt;
    const sleepMs = Math.max(1, Math.ceil(next.inMs - elapsedMs));
    const changed = await condition(() => this.state.over || key() !== armed, sleepMs, { summary: next.event });
    return !changed;
  }

  /**
   * Commits are serial: each works off all stored messages and due deadlines in one local activity and adopts the row
   * that came back. Never cancelled: a cancellation from the UI is noted and ignored.
   */
  private commit(request?: CommitInput['request']) {
    const { appointmentId } = this.input;
    const commit = this.lastCommit.then(() =>
      CancellationScope.nonCancellable(() =>
        records.commitAppointment({ appointmentId, ...(request === undefined ? {} : { request }) }),
      ),
    );
    const adopted = commit.then((answer) => {
      if (answer.snapshot !== null) this.state.adopt(answer.snapshot);
      return answer;
    });
    this.lastCommit = adopted.catch(() => undefined);
    return adopted;
  }

  /** Asks outside for what the next decision needs, unless it is decided meanwhile (money may arrive by webhook). */
  private async gather(need: NonNullable<Snapshot['needs']>): Promise<void> {
    const { appointmentId } = this.input;
    const { attendance, money, rooms } = this.providers;
    const scope = new CancellationScope({ cancellable: true });
    const asked = scope.run(async () => {
      if (need === 'payment') return money.askProviderForMoney(appointmentId);
      return attendance.readAttendance(appointmentId).catch(() => rooms.assumeAttendance(appointmentId));
    });
    await Promise.race([asked.catch(() => undefined), condition(() => this.state.snapshot!.needs !== need)]);
    scope.cancel();
  }

  /** Once, and only in lives begun before 1.1 (see Snapshot): today the relay makes rooms. */
  private askForRoom(): void {
    if (this.roomAsked) return;
    this.roomAsked = true;
    this.providers.rooms.ensureRoom(this.input.appointmentId).catch(() => undefined);
  }

  /** What outlives the end at vendors: a cancelled appointment's open checkout is made unpayable (before 1.1: and its room closed). */
  private async closeDown(): Promise<void> {
    const { status, openPayment, roomAlive } = this.state.snapshot!;
    const { closing } = this.providers;
    const { appointmentId } = this.input;
    if (status === 'cancelled' && openPayment) await closing.askProviderForMoney(appointmentId).catch(() => undefined);
    if (roomAlive === true || this.roomAsked) await closing.closeRoom(appointmentId).catch(() => undefined);
  }

  private registerHandlers(): void {
    setHandler(messages.getState, () => this.state.view());
    setHandler(messages.getDecision, (id) => this.state.decisionOn(String(id)));
    setHandler(messages.book, (booking) => this.book(booking), {
      validator: (booking) => {
        if (!isBookInput(booking)) throw refuse('booking_malformed');
      },
    });
    this.handleRequest(messages.endSession, 'end', ['client', 'therapist'], false);
    this.handleRequest(messages.forceConfirm, 'force_confirm', ['admin'], true);
    this.handleRequest(messages.deactivate, 'deactivate', ['admin'], true);
    this.handleRequest(messages.cancelAppointment, 'cancel', ['client', 'therapist', 'admin'], false);
    this.handleRequest(messages.rescheduleAppointment, 'reschedule', ['client', 'admin'], false);
    this.handleRequest(messages.extendSession, 'extend', ['therapist', 'admin'], false);
    setHandler(messages.activate, (raw) => this.onActivate(raw));
    for (const signal of [messages.paymentSettled, messages.participantJoined, messages.participantLeft]) {
      setHandler(signal, (raw) => this.onStored(raw));
    }
  }

  private async book(booking: BookInput): Promise<Snapshot> {
    const { appointmentId } = this.input;
    const answer = await CancellationScope.nonCancellable(() => records.bookAppointment({ ...booking, appointmentId }));
    if ('refused' in answer) {
      this.refusedBooking = answer.refused;
      this.state.showRefusedBooking();
      throw refuse(answer.refused);
    }
    this.state.adopt(answer.snapshot);
    return answer.snapshot;
  }

  private handleRequest(
    update: typeof messages.endSession,
    kind: MessageEvent,
    roles: string[],
    reasonRequired: boolean,
  ): void {
    setHandler(update, (input) => this.decideRequest(kind, input), {
      validator: (input) => {
        if (!isRequestInput(input, roles, reasonRequired) || !areDetails(kind, input.details))
          throw refuse('message_malformed');
      },
    });
  }

  /** A request is committed under its own id, so that a repeat gets its first answer; evidence is gathered on the way. */
  private async decideRequest(
    kind: MessageEvent,
    { requestId, actor, reason, details }: RequestInput,
  ): Promise<Snapshot> {
    const request = {
      id: requestId,
      kind,
      actor,
      ...(reason === undefined ? {} : { reason }),
      ...(details === undefined ? {} : { details }),
    };
    this.state.decide(requestId, 'pending');
    for (;;) {
      const { snapshot, decision } = await this.commit(request);
      if (snapshot === null) throw refuse('unknown_appointment');
      if (decision !== null && !decision.ok) throw refuse(decision.code);
      if (decision !== null) return snapshot;
      if (snapshot.needs !== null) await this.gather(snapshot.needs);
    }
  }

  /** What has happened is stored already: the commit reads it, the signal only says that it is there. */
  private async onStored(raw: unknown): Promise<void> {
    const stored = parseStoredSignal(raw);
    if (stored === null) return this.state.noteRefusal('message_malformed');
    if (this.state.decisionOn(stored.messageId) !== 'unknown') return;
    this.state.decide(stored.messageId, 'pending');
    await this.commitQuietly();
  }

  private async onActivate(raw: unknown): Promise<void> {
    if (parseStoredSignal(raw) !== null) return this.onStored(raw);
    const byHand = parseOperatorActivation(raw);
    if (byHand === null) return this.state.noteRefusal('message_malformed');
    const id = uuid4();
    this.state.decide(id, 'pending');
    await this.commitQuietly({ id, kind: 'activate', actor: { role: 'operator', id: null }, reason: byHand.reason });
  }

  /** For signal handlers, which never throw: an error would fail the workflow. What was not committed stays stored. */
  private async commitQuietly(request?: CommitInput['request']): Promise<void> {
    await this.commit(request).catch(() => undefined);
  }

  /** A cancellation from the Temporal UI is noted, shown, and changes nothing. */
  noteCancellation(): void {
    this.state.cancelRequested = true;
    this.state.show();
  }
}

/** The workflow: see docs/lifecycle.md for its rules and docs/architecture.md for its way through the rooms. */
export async function appointment(input: AppointmentInput): Promise<AppointmentResult> {
  const session = new Appointment(input);
  CancellationScope.current().cancelRequested.catch(() => session.noteCancellation());
  return CancellationScope.nonCancellable(() => session.run());
}
