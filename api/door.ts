import type { MiddlewareHandler } from 'hono';
import { Lane, type LaneLimits } from './lane.js';
import type { ApiEnv } from './services.js';

/** Kinds of work that may not starve each other. */
export const LANES = ['reads', 'changes', 'payments', 'joins', 'webhooks'] as const;
export type LaneName = (typeof LANES)[number];

/** How the door is set: requests of each kind at once, and the line before each. */
export interface DoorLimits {
  atOnce: Record<LaneName, number>;
  queue: number;
  queueMs: number;
}

/** The door of a process with so many connections to PostgreSQL. docs/operations.md, "Under overload", says why. */
export function doorFor(connections: number): DoorLimits {
  const share = (of: number) => Math.max(1, Math.floor(connections * of));
  return {
    atOnce: { reads: share(0.8), changes: 64, payments: 32, joins: share(0.8), webhooks: share(0.4) },
    queue: 1_000,
    queueMs: 2_000,
  };
}

/** Connections to PostgreSQL unless told otherwise. */
export const CONNECTIONS = 20;
export const DOOR_DEFAULTS = doorFor(CONNECTIONS);

/** Who joins has an appointment now, and a provider repeats for hours at best: their lines are longer and more patient. */
const URGENT: ReadonlySet<LaneName> = new Set(['joins', 'webhooks']);
const URGENT_FACTOR = 4;

const JOIN = /^\/v1\/appointments\/[^/]+\/(join|leave)$/;
/** These ask a provider, who may be slow. */
const PAYMENT =
  /^\/v1\/(appointments\/[^/]+\/payments|wallets\/[^/]+\/top-ups|admin\/ledger\/check|admin\/payouts)(\/|$)/;
/** A read that asks Temporal. */
const LIVE = /^\/v1\/appointments\/[^/]+\/live$/;

/** Which lane a request takes; null for what is never held up: health, the docs, what does not exist. */
export function laneOf(method: string, path: string): LaneName | null {
  if (path.startsWith('/webhooks/')) return 'webhooks';
  // A sign-in asks the issuer.
  if (path.startsWith('/auth/')) return 'changes';
  if (!path.startsWith('/v1/')) return null;
  if (PAYMENT.test(path)) return 'payments';
  const isRead = method === 'GET' || method === 'HEAD';
  if (!isRead && JOIN.test(path)) return 'joins';
  return isRead && !LIVE.test(path) ? 'reads' : 'changes';
}

function limitsOf(name: LaneName, { atOnce, queue, queueMs }: DoorLimits): LaneLimits {
  const factor = URGENT.has(name) ? URGENT_FACTOR : 1;
  return { atOnce: atOnce[name], queue: queue * factor, waitMs: queueMs * factor };
}

/**
 * Lets in what can be answered in time, before anything else is done for it; the rest is refused with 503 `overloaded` and
 * has not begun. One process's door: several share nothing.
 */
export function door(limits: DoorLimits): MiddlewareHandler<ApiEnv> {
  const lanes = Object.fromEntries(LANES.map((name) => [name, new Lane(limitsOf(name, limits))]));
  return (c, next) => {
    const lane = lanes[laneOf(c.req.method, c.req.path) ?? ''];
    if (lane === undefined) return next();
    const { outgoing } = (c.env as ApiEnv['Bindings'] | undefined) ?? {};
    return lane.run(next, () => outgoing?.destroyed === true);
  };
}
