import { MONEY_WORKFLOWS } from './money-workflows.js';
import { PAYMENTS } from './payments.js';
import { PLANS } from './plans.js';
import { SESSIONS } from './sessions.js';
import type { Shape } from './stage.js';

/** Every shape of life, by name. tests/replay.temporal.test.ts holds the recorded files against this list. */
export const SHAPES: Readonly<Record<string, Shape>> = { ...SESSIONS, ...PLANS, ...PAYMENTS, ...MONEY_WORKFLOWS };

/** Shapes that only older deployments made, whose files stay: nothing plays them any more. */
export const PAST_SHAPES: readonly string[] = ['ended-by-party-chat'];
