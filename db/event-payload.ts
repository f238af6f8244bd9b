import type { JsonObject } from './json.js';

/** Fields in which vendors send who somebody is. Amounts, states, ids and instants are all that an inbox needs. */
const PERSONAL =
  /name|mail|phone|contact|address|billing|shipping|customer_details|vpa|last4|card|description|note|body|ip|wallet|bank/i;
/** How ids, enums, currencies and versions look: no blank, no `@`, no `+`. */
const TOKEN = /^[\w.:-]{1,120}$/;

/**
 * A vendor's event as it is kept: what says who somebody is was blanked, as was every free text. The vendor keeps the
 * whole object under the id that stays.
 */
export function withoutPersons(payload: JsonObject): JsonObject {
  return blanked(payload) as JsonObject;
}

function blanked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(blanked);
  if (typeof value === 'string') return TOKEN.test(value) ? value : '';
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, PERSONAL.test(name) ? blank(inner) : blanked(inner)]),
  );
}

const blank = (value: unknown): null | string => (typeof value === 'string' ? '' : null);
