import {
  allHandlersFinished,
  ApplicationFailure,
  condition,
  proxyLocalActivities,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { activate, getState, participantJoined, paymentSettled } from '../../workflows/messages.js';
import { APPOINTMENT_STATUS, NEEDS } from '../../workflows/search-attributes.js';
import type { BareActivities, BareBooking, BareInput, BareTransition } from './input.js';
import { bookBare, endBare } from './messages.js';

/**
 * What the benches call bare: an appointment's messages, timers and upserts, one INSERT a transition, no rules, no
 * money. What Temporal and PostgreSQL cost by themselves.
 */

const { insertTransition } = proxyLocalActivities<BareActivities>({
  startToCloseTimeout: 15_000,
  localRetryThreshold: 30_000,
  retry: { initialInterval: 100, backoffCoefficient: 2, maximumInterval: 5_000 },
});

const BOOKING_LIMIT_MS = 10_000;

/** Whether a transition is shown to operators by an upsert, in the order in which upserts are spent. */
const shown: readonly BareTransition[] = ['paid', 'activated', 't5', 'client', 'ended'];

function mustBeObject(input: unknown): void {
  if (typeof input !== 'object') throw ApplicationFailure.nonRetryable('no object', 'message_malformed');
}

class BareLife {
  private booking: BareBooking | null = null;
  private ended = false;
  private last: BareTransition | null = null;
  private readonly shown: Set<BareTransition>;
  private readonly id = workflowInfo().workflowId;

  constructor({ upserts }: BareInput) {
    this.shown = new Set(shown.slice(0, upserts));
    setHandler(getState, () => ({ status: this.last }) as never);
    setHandler(bookBare, (booking) => this.book(booking), { validator: mustBeObject });
    setHandler(endBare, () => this.end(), { validator: mustBeObject });
    setHandler(paymentSettled, () => this.become('paid'));
    setHandler(activate, () => this.become('activated'));
    setHandler(participantJoined, (raw) => this.become((raw as { participant: BareTransition }).participant));
  }

  async run(): Promise<string> {
    await condition(() => this.booking !== null, BOOKING_LIMIT_MS);
    if (this.booking !== null) await this.live(this.booking);
    await condition(allHandlersFinished);
    return 'over';
  }

  private async live({ remindAt, opensAt, endsAt }: BareBooking): Promise<void> {
    const timers = [
      { kind: 't15', due: remindAt },
      { kind: 't5', due: opensAt },
      { kind: 'ended', due: endsAt },
    ] as const;
    for (const { kind, due } of timers) {
      if (await condition(() => this.ended, Math.max(1, due - Date.now()), { summary: kind })) return;
      await this.become(kind);
    }
  }

  private async book(booking: BareBooking): Promise<string> {
    await this.become('booked');
    this.booking = booking;
    return 'booked';
  }

  private async end(): Promise<string> {
    await this.become('ended');
    this.ended = true;
    return 'ended';
  }

  private async become(kind: BareTransition): Promise<void> {
    await insertTransition({ id: this.id, kind });
    this.last = kind;
    if (!this.shown.has(kind)) return;
    upsertSearchAttributes([
      { key: APPOINTMENT_STATUS, value: kind },
      { key: NEEDS, value: 'nothing' },
    ]);
  }
}

export async function bareLife(input: BareInput): Promise<string> {
  return new BareLife(input).run();
}
