import { randomUUID } from 'node:crypto';
import { type Client, WithStartWorkflowOperation } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import type pg from 'pg';
import type { Participant } from '../../domain/types.js';
import * as attributes from '../../workflows/search-attributes.js';
import { getState } from '../../workflows/messages.js';
import type { BareBooking, BareInput } from './input.js';
import { bookBare, endBare } from './messages.js';

/** The task queue of the bare workflow's worker. */
export const BARE_QUEUE = 'bare';

/** The API's own deadlines. */
const UPDATE_MS = 8_000;
const SIGNAL_MS = 2_000;
const QUERY_MS = 3_000;

/** Makes the table that takes one row a transition. */
export async function createBareTable(client: Pick<pg.Pool, 'query'>): Promise<void> {
  await client.query(
    `create table if not exists bare_transition (workflow_id text, kind text, at timestamptz default clock_timestamp(),
      primary key (workflow_id, kind))`,
  );
}

/** What is said to a bare workflow: the same kinds of messages that the API sends an appointment's. */
export class BareCalls {
  constructor(private readonly client: Client) {}

  /** Update-With-Start, with as many search attributes and as long a summary as a booking has. */
  async book(workflowId: string, updateId: string, booking: BareBooking, input: BareInput): Promise<void> {
    const start = new WithStartWorkflowOperation('bareLife', {
      workflowId,
      taskQueue: BARE_QUEUE,
      args: [input],
      staticSummary: 'bare session, 60 min, starts at the time of its booking',
      typedSearchAttributes: new TypedSearchAttributes([
        { key: attributes.APPOINTMENT_STATUS, value: 'scheduled' },
        { key: attributes.STARTS_AT, value: new Date(booking.opensAt) },
        { key: attributes.THERAPIST_ID, value: randomUUID() },
        { key: attributes.CLIENT_ID, value: randomUUID() },
        { key: attributes.NEEDS, value: 'payment' },
      ]),
      workflowIdConflictPolicy: 'USE_EXISTING',
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
    });
    await this.within(UPDATE_MS, () =>
      this.client.workflow.executeUpdateWithStart(bookBare, {
        updateId,
        args: [booking],
        startWorkflowOperation: start,
      }),
    );
  }

  signal(workflowId: string, name: 'paymentSettled' | 'activate'): Promise<void> {
    return this.within(SIGNAL_MS, () => this.handle(workflowId).signal(name, { messageId: randomUUID() }));
  }

  join(workflowId: string, participant: Participant): Promise<void> {
    const said = { messageId: randomUUID(), participant };
    return this.within(SIGNAL_MS, () => this.handle(workflowId).signal('participantJoined', said));
  }

  async end(workflowId: string, requestId: string): Promise<void> {
    const input = { requestId, actor: { role: 'client', id: randomUUID() } };
    await this.within(UPDATE_MS, () =>
      this.handle(workflowId).executeUpdate(endBare, { updateId: requestId, args: [input] }),
    );
  }

  async look(workflowId: string): Promise<void> {
    await this.within(QUERY_MS, () => this.handle(workflowId).query(getState));
  }

  private handle(workflowId: string) {
    return this.client.workflow.getHandle(workflowId);
  }

  private within<T>(limitMs: number, call: () => Promise<T>): Promise<T> {
    return this.client.withDeadline(Date.now() + limitMs, call);
  }
}
