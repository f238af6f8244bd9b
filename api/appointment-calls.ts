import { type Client, WithStartWorkflowOperation, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { TypedSearchAttributes, type UpdateDefinition } from '@temporalio/common';
import type { AppointmentRecord } from '../domain/record.js';
import type { SessionMode } from '../domain/types.js';
import {
  APPOINTMENT_WORKFLOW,
  appointmentWorkflowId,
  type AppointmentInput,
  book,
  type BookInput,
  getState,
  type RequestInput,
  SIGNAL_OF_MESSAGE,
  type Snapshot,
  type WorkflowState,
} from '../workflows/messages.js';
import { APPOINTMENT_STATUS, CLIENT_ID, NEEDS, STARTS_AT, THERAPIST_ID } from '../workflows/search-attributes.js';

/** How long each kind of call may take before it counts as unknown. */
const UPDATE_MS = 8_000;
const SIGNAL_MS = 2_000;
const QUERY_MS = 3_000;

export type SignalledKind = keyof typeof SIGNAL_OF_MESSAGE;

interface Described {
  clientId: string;
  therapistId: string;
  startsAt: number;
  durationMinutes: number;
  sessionMode: SessionMode;
}

/** What the Temporal UI's list shows: enums, a length, a time; no personal data. */
function summaryOf({ sessionMode, durationMinutes, startsAt }: Described): string {
  return `${sessionMode} session, ${durationMinutes} min, starts ${new Date(startsAt).toISOString().slice(0, 16).replace('T', ' ')}Z`;
}

function attributesOf(appointment: Described, status: string, needs: string): TypedSearchAttributes {
  return new TypedSearchAttributes([
    { key: APPOINTMENT_STATUS, value: status },
    { key: STARTS_AT, value: new Date(appointment.startsAt) },
    { key: THERAPIST_ID, value: appointment.therapistId },
    { key: CLIENT_ID, value: appointment.clientId },
    { key: NEEDS, value: needs },
  ]);
}

function needsOf({ paidAt, activatedAt }: AppointmentRecord): string {
  if (paidAt === null) return 'payment';
  return activatedAt === null ? 'activation' : 'nothing';
}

/** Everything that the API says to workflows of appointments. Every call has a deadline and throws Temporal's errors. */
export class AppointmentCalls {
  constructor(
    private readonly client: Client,
    private readonly taskQueue: string,
  ) {}

  /** Books by Update-With-Start; the same ids again get the first answer. */
  book(appointmentId: string, updateId: string, booking: BookInput): Promise<Snapshot> {
    const startWorkflowOperation = new WithStartWorkflowOperation(APPOINTMENT_WORKFLOW, {
      workflowId: appointmentWorkflowId(appointmentId),
      taskQueue: this.taskQueue,
      args: [{ appointmentId } satisfies AppointmentInput],
      staticSummary: summaryOf(booking),
      typedSearchAttributes: attributesOf(booking, 'scheduled', 'payment'),
      workflowIdConflictPolicy: 'USE_EXISTING',
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
    });
    return this.within(UPDATE_MS, () =>
      this.client.workflow.executeUpdateWithStart(book, { updateId, args: [booking], startWorkflowOperation }),
    );
  }

  /** Sends an update that the workflow may refuse; its id is the request's. */
  request(
    appointmentId: string,
    update: UpdateDefinition<Snapshot, [RequestInput]>,
    input: RequestInput,
  ): Promise<Snapshot> {
    return this.within(UPDATE_MS, () =>
      this.handle(appointmentId).executeUpdate(update, { updateId: input.requestId, args: [input] }),
    );
  }

  /** Tells the workflow that a message of this kind was stored. */
  signal(appointmentId: string, kind: SignalledKind, messageId: string): Promise<void> {
    return this.within(SIGNAL_MS, () => this.handle(appointmentId).signal(SIGNAL_OF_MESSAGE[kind], { messageId }));
  }

  state(appointmentId: string): Promise<WorkflowState> {
    return this.within(QUERY_MS, () => this.handle(appointmentId).query(getState));
  }

  /** Starts a workflow from the row of a live appointment. @returns false when one is running */
  async resume(record: AppointmentRecord): Promise<boolean> {
    try {
      await this.within(UPDATE_MS, () =>
        this.client.workflow.start(APPOINTMENT_WORKFLOW, {
          workflowId: appointmentWorkflowId(record.id),
          taskQueue: this.taskQueue,
          args: [{ appointmentId: record.id, resume: true } satisfies AppointmentInput],
          staticSummary: summaryOf(record),
          typedSearchAttributes: attributesOf(record, record.status, needsOf(record)),
          workflowIdConflictPolicy: 'FAIL',
          workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
      throw error;
    }
  }

  /** Answers when the server does, within `limitMs`. */
  async ping(limitMs: number): Promise<void> {
    await this.within(limitMs, () => this.client.workflowService.getSystemInfo({}));
  }

  private handle(appointmentId: string) {
    return this.client.workflow.getHandle(appointmentWorkflowId(appointmentId));
  }

  private within<T>(limitMs: number, call: () => Promise<T>): Promise<T> {
    return this.client.withDeadline(Date.now() + limitMs, call);
  }
}
