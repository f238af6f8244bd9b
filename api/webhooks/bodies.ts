import { withoutPersons } from '../../db/event-payload.js';
import { Problem } from '../errors.js';
import { UNSTORABLE } from '../inputs.js';

const EACH_UNSTORABLE = new RegExp(UNSTORABLE, 'gu');
const cleaned = (text: string): string => text.replace(EACH_UNSTORABLE, '\ufffd');
const withoutUnstorable = (_: string, value: unknown): unknown => (typeof value === 'string' ? cleaned(value) : value);

/** Parsed JSON as it is kept: without what says who somebody is, and without the characters that PostgreSQL can't store. */
export function storable(payload: unknown): Record<string, unknown> {
  const clean: unknown = JSON.parse(JSON.stringify(payload ?? null, withoutUnstorable));
  return typeof clean === 'object' && clean !== null && !Array.isArray(clean)
    ? withoutPersons(clean as Record<string, unknown>)
    : {};
}

/** An event's id or type as it is kept. */
export function storableText(text: string): string {
  return cleaned(text.slice(0, 255));
}

/** What is looked up by: a name that PostgreSQL can't store is none of ours. @throws Problem `event_unreadable` */
export function assertStorable(...looked: unknown[]): void {
  if (JSON.stringify(looked) !== JSON.stringify(looked, withoutUnstorable)) throw new Problem('event_unreadable');
}

/** A form body as its sender signed it; of a repeated field the last counts. */
export function parseForm(rawBody: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(rawBody));
}
