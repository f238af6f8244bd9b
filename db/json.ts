import type { SessionMode } from '../domain/types.js';
import type { RefusalCode } from '../domain/refusals.js';

/** Shapes of the jsonb columns. */
export type JsonObject = Record<string, unknown>;

/** Minor units per hour by session mode; a mode without a rate is not offered. */
export type Rates = Partial<Record<SessionMode, number>>;

/** What a commit decided about one message. */
export type MessageDecision = { ok: true } | { ok: false; code: RefusalCode };
