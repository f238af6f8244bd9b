import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import type { AppointmentCalls, SignalledKind } from '../../api/appointment-calls.js';
import type { Db } from '../../db/database.js';
import { joinSession } from '../../db/joins.js';
import { markDelivered, readDecision, storeMessage } from '../../db/messages.js';
import { payByWallet } from '../../db/payment-requests.js';
import { recordConnections, roomIdentity } from '../../db/rooms.js';
import { Refused } from '../../domain/refusals.js';
import type { Participant, SessionMode } from '../../domain/types.js';
import { APPOINTMENT_WORKFLOW, appointmentWorkflowId, endSession } from '../../workflows/messages.js';
import { DURATION_MINUTES } from './people.js';
import type { Life, Side, Times } from './side.js';

/** As the API polls for an activation's decision. */
const DECISION_POLL_MS = 50;

/** Our side: what the API does for each request, by the API's own functions, without HTTP. */
export class OurSide implements Side {
  readonly workflowType = APPOINTMENT_WORKFLOW;

  constructor(
    readonly name: string,
    private readonly db: Db,
    private readonly calls: AppointmentCalls,
    private readonly admin: string,
    private readonly sessionMode: SessionMode,
  ) {}

  workflowId({ id }: Life): string {
    return appointmentWorkflowId(id);
  }

  async book({ id, client, therapist, requests }: Life, { startsAt }: Times): Promise<void> {
    const { sessionMode } = this;
    const booking = {
      clientId: client,
      therapistId: therapist,
      startsAt,
      durationMinutes: DURATION_MINUTES,
      sessionMode,
    };
    await this.calls.book(id, requests.book, booking);
  }

  async pay({ id, requests }: Life): Promise<void> {
    const { messageId } = await payByWallet(this.db, id, requests.pay);
    await this.tell(id, 'payment_settled', messageId);
  }

  async activate({ id, requests }: Life): Promise<void> {
    const actor = { role: 'admin', id: this.admin } as const;
    const message = { id: requests.activate, appointmentId: id, kind: 'activate', actor, signal: true } as const;
    const messageId = await storeMessage(this.db, message);
    await this.tell(id, 'activate', messageId);
    for (;;) {
      const decision = await readDecision(this.db, messageId);
      if (decision?.ok === true) return;
      if (decision !== null) throw new Refused(decision.code);
      await sleep(DECISION_POLL_MS);
    }
  }

  async join(life: Life, participant: Participant): Promise<void> {
    const { messageId } = await joinSession(this.db, life.id, participant, life[participant]);
    // The API leaves this to the relay, two seconds later: here a session is over by then.
    await this.tell(life.id, 'join', messageId);
    if (this.sessionMode !== 'chat') await this.connect(life, participant);
  }

  async look({ id }: Life): Promise<void> {
    await this.calls.state(id);
  }

  async end({ id, client, requests }: Life): Promise<void> {
    const actor = { role: 'client', id: client } as const;
    const { status } = await this.calls.request(id, endSession, { requestId: requests.end, actor });
    if (status !== 'completed') throw new Error(`a life ended as ${status}`);
  }

  async opened(ids: readonly string[]): Promise<string[]> {
    const { rows } = await sql<{ id: string }>`
      select id from appointment where id = any(${[...ids]}::uuid[]) and status <> 'scheduled'`.execute(this.db);
    return rows.map(({ id }) => id);
  }

  async waiting(): Promise<number> {
    const { rows } = await sql<{ count: number }>`
      select count(*) as count from notification
      where status = 'sending' or (status = 'pending' and next_attempt_at <= clock_timestamp())`.execute(this.db);
    return rows[0]!.count;
  }

  /** What the API's messenger does behind its answer. */
  private async tell(id: string, kind: SignalledKind, messageId: string): Promise<void> {
    await this.calls.signal(id, kind, messageId);
    await markDelivered(this.db, [messageId]);
  }

  /** What the room's webhook tells of a connection. */
  private connect({ id }: Life, participant: Participant): Promise<void> {
    const connection = {
      participantSid: `PA${randomUUID().replaceAll('-', '')}`,
      participant,
      identity: roomIdentity(participant, randomUUID().slice(0, 12)),
      connectedAt: new Date(),
      disconnectedAt: null,
    };
    return recordConnections(this.db, id, [connection]);
  }
}
