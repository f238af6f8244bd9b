import { createRoute, z } from '@hono/zod-openapi';
import { loadSettings, saveSettings, type StoredAvailability } from '../../db/availability.js';
import { availabilityInput, availabilitySchema, presentAvailability, toSettings } from '../availability-view.js';
import { invalid, Problem } from '../errors.js';
import { bodyProblems, readProblems } from '../problem-responses.js';
import { may, json, jsonBody, newRoutes } from '../routing.js';
import type { Services } from '../services.js';

const path = '/v1/therapists/me/availability';
const ETAG = { etag: { description: 'The version, quoted.', schema: { type: 'string', example: '"7"' } } } as const;
const answer = (description: string) => ({ ...json(availabilitySchema, description), headers: ETAG });

const read = createRoute({
  method: 'get',
  path,
  operationId: 'getMyAvailability',
  tags: ['Therapists'],
  summary: 'Your hours, exceptions, buffers and minimum notice',
  ...may('keep_availability'),
  responses: { 200: answer('Your availability.'), ...readProblems('therapist_not_found') },
});

const replace = createRoute({
  method: 'put',
  path,
  operationId: 'replaceMyAvailability',
  tags: ['Therapists'],
  summary: 'Replace them; what is booked stays as it is',
  description: 'With If-Match, or with the version in the body, only what you have read is replaced: else 412.',
  ...may('keep_availability'),
  request: {
    headers: z.object({ 'if-match': z.string().max(1_000).optional().openapi({ example: '"7"' }) }),
    body: jsonBody(availabilityInput),
  },
  responses: {
    200: answer('As it is stored now.'),
    ...bodyProblems('therapist_not_found', 'availability_changed'),
  },
});

const etagOf = ({ version }: StoredAvailability): string => `"${version}"`;

/** RFC 9110, 13.1.1: a list of entity tags, or any. Weak ones never match. */
function isMatched(ifMatch: string | undefined, stored: StoredAvailability): boolean {
  if (ifMatch === undefined || ifMatch.trim() === '*') return true;
  return ifMatch.split(',').some((tag) => tag.trim() === etagOf(stored));
}

type Input = z.infer<typeof availabilityInput>;

async function save(db: Services['db'], therapistId: string, input: Input, ifMatch: string | undefined) {
  const saved = await saveSettings(db, therapistId, toSettings(input), (stored) => {
    // Hours that were composed for another zone's clocks must not become hours of this one's.
    if (input.timeZone !== undefined && input.timeZone !== stored.timeZone)
      throw invalid('body.timeZone', `is ${stored.timeZone} now, and not changed here`);
    return isMatched(ifMatch, stored) && (input.version ?? stored.version) === stored.version;
  });
  if (saved === null) throw new Problem('therapist_not_found');
  const { isCurrent, stored } = saved;
  if (!isCurrent) throw new Problem('availability_changed', { facts: { version: stored.version } });
  return stored;
}

export const availabilityRoutes = ({ db }: Services) =>
  newRoutes()
    .openapi(read, async (c) => {
      const stored = await loadSettings(db, c.get('caller').id);
      if (stored === null) throw new Problem('therapist_not_found');
      c.header('etag', etagOf(stored));
      return c.json(presentAvailability(stored), 200);
    })
    .openapi(replace, async (c) => {
      const stored = await save(db, c.get('caller').id, c.req.valid('json'), c.req.valid('header')['if-match']);
      c.header('etag', etagOf(stored));
      return c.json(presentAvailability(stored), 200);
    });
