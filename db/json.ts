import type { SessionMode } from '../domain/types.js';
import type { RefusalCode } from '../domain/refusals.js';

/** Shapes of the jsonb columns. */
export type JsonObject = Record<string, unknown>;

/** Minor units per hour by session mode; a mode without a rate is not offered. */
export type Rates = Partial<Record<SessionMode, number>>;

/** Local working hours by ISO weekday (1 Monday .. 7 Sunday): `[from, to]` pairs of `HH:MM`, `24:00` ends a day. */
export type WeeklyHours = Partial<Record<'1' | '2' | '3' | '4' | '5' | '6' | '7', [from: string, to: string][]>>;

/** What a commit decided about one message. */
export type MessageDecision = { ok: true } | { ok: false; code: RefusalCode };
