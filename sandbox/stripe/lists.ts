import { invalidRequest } from './errors.js';
import { type Fields, integer, text } from './params.js';

interface Listed {
  id: string;
  created?: unknown;
  [field: string]: unknown;
}

export interface StripeList<T> {
  object: 'list';
  data: T[];
  has_more: boolean;
  url: string;
}

/** A page of a list, newest first, by Stripe's `limit`, `starting_after`, `ending_before` and `created`. */
export function listPage<T extends Listed>(
  oldestFirst: T[],
  query: Fields,
  url: string,
  equal: string[],
): StripeList<T> {
  const limit = integer(query, 'limit', 1) ?? 10;
  if (limit > 100) throw invalidRequest('parameter_invalid_integer', 'This value must be at most 100.', 'limit');
  const wanted = equal.filter((name) => text(query, name) !== null);
  const matching = oldestFirst
    .filter((item) => wanted.every((name) => item[name] === text(query, name)) && createdMatches(item, query))
    .toReversed();
  const after = text(query, 'starting_after');
  const before = text(query, 'ending_before');
  if (before !== null) {
    const end = indexOf(matching, before, 'ending_before');
    const start = Math.max(0, end - limit);
    return { object: 'list', data: matching.slice(start, end), has_more: start > 0, url };
  }
  const start = after === null ? 0 : indexOf(matching, after, 'starting_after') + 1;
  return { object: 'list', data: matching.slice(start, start + limit), has_more: start + limit < matching.length, url };
}

function indexOf(items: Listed[], id: string, param: string): number {
  const index = items.findIndex((item) => item.id === id);
  if (index < 0) throw invalidRequest('resource_missing', `No such object: '${id}'`, param);
  return index;
}

function createdMatches(item: Listed, query: Fields): boolean {
  const filter = query['created'];
  if (filter === undefined) return true;
  const created = Number(item.created);
  if (typeof filter === 'string') return created === Number(filter);
  return Object.entries(filter as Record<string, string>).every(([operator, value]) => {
    const bound = Number(value);
    if (operator === 'gt') return created > bound;
    if (operator === 'gte') return created >= bound;
    if (operator === 'lt') return created < bound;
    return operator === 'lte' && created <= bound;
  });
}

const TERM = /^(?:(status|currency|customer)|metadata\[["']([^"']+)["']\]):["']([^"']*)["']$/;

/**
 * The part of Stripe's search language a payment service needs: `status:"x"`, `metadata["k"]:"v"`, joined by AND
 * (https://docs.stripe.com/search#search-query-language). Unlike the real one it is never behind.
 */
export function searchMatcher(query: string): (item: Listed) => boolean {
  const terms = query.split(/\s+AND\s+/i).map((term) => {
    const match = TERM.exec(term.trim());
    if (!match)
      throw invalidRequest('parameter_invalid', `We were unable to parse your search query: ${term}`, 'query');
    const [, field, key, value] = match;
    return { field, key, value };
  });
  return (item) =>
    terms.every(({ field, key, value }) => {
      const metadata = (item['metadata'] ?? {}) as Record<string, string>;
      return (field ? item[field] : metadata[key ?? '']) === value;
    });
}
