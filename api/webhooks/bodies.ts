import { withoutPersons } from '../../db/event-payload.js';
import { storableText } from '../../domain/storable-text.js';
import { Problem } from '../errors.js';

const LONGEST_NAME = 255;
const withoutUnstorable = (_: string, value: unknown): unknown =>
  typeof value === 'string' ? storableText(value) : value;

/** Parsed JSON as it is kept: without what says who somebody is, and without the characters that PostgreSQL can't store. */
export function storable(payload: unknown): Record<string, unknown> {
  const clean: unknown = JSON.parse(JSON.stringify(payload ?? null, withoutUnstorable));
  return typeof clean === 'object' && clean !== null && !Array.isArray(clean)
    ? withoutPersons(clean as Record<string, unknown>)
    : {};
}

/** An event's id or type as it is kept. */
export function storableName(text: string): string {
  return storableText(text, LONGEST_NAME);
}

/** What is looked up by: a name that PostgreSQL can't store is none of ours. @throws Problem `event_unreadable` */
export function assertStorable(...looked: unknown[]): void {
  if (JSON.stringify(looked) !== JSON.stringify(looked, withoutUnstorable)) throw new Problem('event_unreadable');
}

/** A form body as its sender signed it; of a repeated field the last counts. */
export function parseForm(rawBody: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(rawBody));
}
