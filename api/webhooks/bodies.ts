import { withoutPersons } from '../../db/event-payload.js';

// oxlint-disable-next-line no-control-regex -- that character is what PostgreSQL can't store
const UNSTORABLE = /[\u0000\ud800-\udfff]/gu;

const withoutUnstorable = (_: string, value: unknown): unknown =>
  typeof value === 'string' ? value.replace(UNSTORABLE, '\ufffd') : value;

/** Parsed JSON as it is kept: without what says who somebody is, and without the characters that PostgreSQL can't store. */
export function storable(payload: unknown): Record<string, unknown> {
  const clean: unknown = JSON.parse(JSON.stringify(payload ?? null, withoutUnstorable));
  return typeof clean === 'object' && clean !== null && !Array.isArray(clean)
    ? withoutPersons(clean as Record<string, unknown>)
    : {};
}

/** A form body as its sender signed it; of a repeated field the last counts. */
export function parseForm(rawBody: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(rawBody));
}
