import { setTimeout as pause } from 'node:timers/promises';
import type { Db } from '../db/database.js';
import type { MessageDecision } from '../db/json.js';
import { readDecisions } from '../db/messages.js';

/** How often is looked, in one statement for all who wait; nobody looks while nobody waits. */
const LOOK_EVERY_MS = 10;

interface Waiting {
  resolve: (decision: MessageDecision | null) => void;
  reject: (error: unknown) => void;
  giveUpAt: number;
}

/** Waits for what workflows decide about stored messages. */
export class DecisionWatch {
  private readonly waiting = new Map<string, Waiting[]>();
  private isLooking = false;

  constructor(private readonly db: Db) {}

  /** The decision on a message; null when there is none within `patienceMs`. */
  decision(messageId: string, patienceMs: number): Promise<MessageDecision | null> {
    return new Promise((resolve, reject) => {
      const waiting = { resolve, reject, giveUpAt: Date.now() + patienceMs };
      this.waiting.set(messageId, [...(this.waiting.get(messageId) ?? []), waiting]);
      if (!this.isLooking) void this.look();
    });
  }

  private async look(): Promise<void> {
    this.isLooking = true;
    while (this.waiting.size > 0) {
      await pause(LOOK_EVERY_MS);
      await this.settle();
    }
    this.isLooking = false;
  }

  private async settle(): Promise<void> {
    const asked = [...this.waiting.keys()];
    try {
      const decided = await readDecisions(this.db, asked);
      const now = Date.now();
      for (const id of asked)
        this.tell(id, ({ giveUpAt }) => decided.has(id) || giveUpAt <= now, decided.get(id) ?? null);
    } catch (error) {
      for (const id of asked) {
        for (const { reject } of this.waiting.get(id) ?? []) reject(error);
        this.waiting.delete(id);
      }
    }
  }

  private tell(id: string, isOver: (waiting: Waiting) => boolean, decision: MessageDecision | null): void {
    const all = this.waiting.get(id) ?? [];
    const left = all.filter((waiting) => !isOver(waiting));
    for (const waiting of all) if (isOver(waiting)) waiting.resolve(decision);
    if (left.length === 0) this.waiting.delete(id);
    else this.waiting.set(id, left);
  }
}
