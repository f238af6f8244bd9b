import type { Db } from '../db/database.js';
import { markDelivered } from '../db/messages.js';
import type { AppointmentCalls, SignalledKind } from './appointment-calls.js';
import type { Background } from './background.js';

/** With Temporal slow or away, signals that wait for it would pile up: the rest is the relay's, which sends in batches. */
const MOST_UNDER_WAY = 200;

/** Sends the signal of a stored message at once and behind the answer; where that fails, the relay sends it later. */
export class Messenger {
  constructor(
    private readonly db: Db,
    private readonly calls: AppointmentCalls,
    private readonly background: Background,
  ) {}

  tell(appointmentId: string, kind: SignalledKind, messageId: string): void {
    if (this.background.size >= MOST_UNDER_WAY) return;
    this.background.run(`signal ${kind}`, async () => {
      await this.calls.signal(appointmentId, kind, messageId);
      await markDelivered(this.db, [messageId]);
    });
  }
}
