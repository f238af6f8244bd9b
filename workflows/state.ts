import type { SearchAttributePair } from '@temporalio/common';
import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import { refusal, type RefusalCode } from '../domain/refusals.js';
import { isTerminal } from '../domain/types.js';
import { describe, needsOf, waitingFor } from './details.js';
import type { DecisionState, Snapshot, WorkflowState } from './messages.js';
import { APPOINTMENT_STATUS, NEEDS, STARTS_AT } from './search-attributes.js';

const DECISIONS_KEPT = 20;
const REFUSALS_KEPT = 5;

/** What the workflow holds between commits: the row as the last commit returned it, and what to tell operators. */
export class AppointmentState {
  snapshot: Snapshot | null = null;
  /** Workflow time at which the snapshot was adopted: its `inMs` counts from there. */
  adoptedAt = 0;
  cancelRequested = false;
  private readonly refused: WorkflowState['refused'] = [];
  private readonly decisions = new Map<string, DecisionState>();
  private upserted: { status: string; needs: string; startsAt: number | null };

  constructor() {
    this.upserted = { status: 'scheduled', needs: 'payment', startsAt: null }; // as set at the start
  }

  get over(): boolean {
    return this.snapshot !== null && isTerminal(this.snapshot.status);
  }

  /** Takes over the row that a commit returned, and shows operators what changed. */
  adopt(snapshot: Snapshot): void {
    this.snapshot = snapshot;
    this.adoptedAt = Date.now();
    for (const { id, code } of snapshot.decided) this.decide(id, code === null ? { ok: true } : { ok: false, code });
    const status = snapshot.status;
    const needs = needsOf(snapshot);
    const changed: SearchAttributePair[] = [];
    if (status !== this.upserted.status) changed.push({ key: APPOINTMENT_STATUS, value: status });
    if (needs !== this.upserted.needs) changed.push({ key: NEEDS, value: needs });
    const { startsAt } = snapshot;
    const moved = this.upserted.startsAt !== null && this.upserted.startsAt !== startsAt;
    if (moved) changed.push({ key: STARTS_AT, value: new Date(startsAt) });
    if (changed.length > 0) upsertSearchAttributes(changed);
    this.upserted = { status, needs, startsAt };
    this.show();
  }

  /** A booking that was refused needs nobody: operators who filter by what is needed must not find it. */
  showRefusedBooking(): void {
    upsertSearchAttributes([
      { key: APPOINTMENT_STATUS, value: 'refused' },
      { key: NEEDS, value: 'nothing' },
    ]);
  }

  decide(id: string, decision: DecisionState): void {
    this.decisions.set(id, decision);
    if (this.decisions.size > DECISIONS_KEPT) this.decisions.delete(this.decisions.keys().next().value!);
    if (typeof decision === 'object' && !decision.ok) this.noteRefusal(decision.code);
  }

  decisionOn(id: string): DecisionState {
    return this.decisions.get(id) ?? 'unknown';
  }

  noteRefusal(code: RefusalCode): void {
    this.refused.push({ at: new Date(Date.now()).toISOString(), code, said: refusal(code).message });
    if (this.refused.length > REFUSALS_KEPT) this.refused.shift();
    this.show();
  }

  /** The answer of `getState`. */
  view(): WorkflowState {
    const next = this.snapshot?.next ?? null;
    return {
      status: this.snapshot?.status ?? 'booking',
      waitingFor: waitingFor(this.snapshot),
      nextDeadline: next === null ? null : { event: next.event, due: new Date(next.due).toISOString() },
      snapshot: this.snapshot,
      refused: this.refused,
      cancelRequested: this.cancelRequested,
    };
  }

  show(): void {
    setCurrentDetails(describe(this.view()));
  }
}
