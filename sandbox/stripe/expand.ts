import type { StripeModel } from './model.js';
import type { Fields } from './params.js';

type Expandable = Record<string, unknown>;

/**
 * Replaces ids by their objects where `expand[]` asks for it (`latest_charge`, `data.latest_charge`). What can't be
 * expanded stays an id.
 */
export function expand(model: StripeModel, object: object, fields: Fields): object {
  const paths = fields['expand'];
  if (!Array.isArray(paths)) return object;
  const copy = structuredClone(object) as Expandable;
  for (const path of paths) if (typeof path === 'string') expandPath(model, copy, path.split('.'));
  return copy;
}

function expandPath(model: StripeModel, target: unknown, path: string[]): void {
  const [head, ...rest] = path;
  if (head === undefined || typeof target !== 'object' || target === null) return;
  if (Array.isArray(target)) {
    for (const item of target) expandPath(model, item, path);
    return;
  }
  const holder = target as Expandable;
  const value = holder[head];
  if (typeof value === 'string') holder[head] = structuredClone(lookUp(model, value)) ?? value;
  expandPath(model, holder[head], rest);
}

function lookUp(model: StripeModel, id: string): object | undefined {
  if (id.startsWith('ch_')) return model.charges.get(id);
  if (id.startsWith('pi_')) return model.intents.get(id);
  if (id.startsWith('re_')) return model.refunds.get(id);
  if (id.startsWith('dp_')) return model.disputes.get(id);
  return undefined;
}
