import type { SessionMode } from '../domain/types.js';
import type { RefusalCode } from '../domain/refusals.js';

/** Shapes of the jsonb columns. */
export type JsonObject = Record<string, unknown>;

/** Minor units per hour by session mode; a mode without a rate is not offered. */
export type Rates = Partial<Record<SessionMode, number>>;

/** What a commit decided about one message. */
export type MessageDecision = { ok: true } | { ok: false; code: RefusalCode };

/** One try to hand a webhook over: how it was answered, or why it was not. */
export interface WebhookTry {
  at: string;
  status: number | null;
  error: string | null;
  tookMs: number;
  /** The beginning of the answer's body. */
  answer: string | null;
}
