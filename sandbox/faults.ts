import type { VendorName } from './calls.js';

export const FAULT_KINDS = ['latency', 'error500', 'error429', 'reset_before', 'reset_after'] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** A fault on demand. */
export interface FaultRule {
  provider: VendorName | 'smtp';
  method?: string;
  /** Substring of the path as in the call log. */
  path?: string;
  /** `reset_before`: nothing is done and the socket dies; `reset_after`: the effect is done, then the socket dies. */
  kind: FaultKind;
  /** Latency in milliseconds; with another kind it happens after this delay. */
  ms?: number;
  /** How many requests it hits; without it, every one until the faults are cleared. */
  times?: number;
  /** `error500` only. False: the failure isn't remembered under Stripe's idempotency key (a gateway's 500). */
  stored?: boolean;
}

interface Armed extends FaultRule {
  left: number;
}

export class FaultTable {
  #rules: Armed[] = [];

  add(rule: FaultRule): void {
    this.#rules.push({ ...rule, left: rule.times ?? Number.POSITIVE_INFINITY });
  }

  clear(): void {
    this.#rules = [];
  }

  /** What is still to come; `times` is how often. */
  list(): FaultRule[] {
    return this.#rules.map((armed) => {
      const { left, ...rule } = armed;
      return Number.isFinite(left) ? { ...rule, times: left } : rule;
    });
  }

  /** The rules that hit this request, used up by one. Latency adds to another fault; of the others the first wins. */
  take(provider: FaultRule['provider'], method: string, path: string): FaultRule[] {
    const hits: Armed[] = [];
    for (const rule of this.#rules) {
      if (rule.left <= 0 || rule.provider !== provider) continue;
      if (rule.method && rule.method.toUpperCase() !== method) continue;
      if (rule.path && !path.includes(rule.path)) continue;
      if (rule.kind !== 'latency' && hits.some((hit) => hit.kind !== 'latency')) continue;
      rule.left -= 1;
      hits.push(rule);
    }
    this.#rules = this.#rules.filter((rule) => rule.left > 0);
    return hits;
  }
}
