import { createRoute, z } from '@hono/zod-openapi';
import { toAvailability } from '../../db/availability.js';
import { databaseNow } from '../../db/clock.js';
import { takenSlots } from '../../db/slots.js';
import { listTherapists, readTherapist, type Therapist } from '../../db/therapists.js';
import { blockOf } from '../../domain/availability.js';
import { Refused } from '../../domain/refusals.js';
import { bookableStarts } from '../../domain/slots.js';
import { invalid, Problem } from '../errors.js';
import { isUuid } from '../ids.js';
import { idParam, instantInput } from '../inputs.js';
import { decodeCursor, encodeCursor, pageQuery, toPage } from '../page.js';
import { iso, presentTherapist } from '../present.js';
import { readProblems } from '../problem-responses.js';
import { may, json, newRoutes } from '../routing.js';
import { instant, pageOf, therapistSchema } from '../schemas.js';
import type { Services } from '../services.js';

const everybody = may('see_therapists');
const LONGEST_RANGE_DAYS = 31;
const DAY_MS = 86_400_000;

const list = createRoute({
  method: 'get',
  path: '/v1/therapists',
  operationId: 'listTherapists',
  tags: ['Therapists'],
  summary: 'Therapists, by name',
  ...everybody,
  request: { query: pageQuery() },
  responses: { 200: json(pageOf(therapistSchema), 'A page of therapists.'), ...readProblems() },
});

const one = createRoute({
  method: 'get',
  path: '/v1/therapists/{id}',
  operationId: 'getTherapist',
  tags: ['Therapists'],
  summary: 'One therapist',
  ...everybody,
  request: { params: idParam },
  responses: { 200: json(therapistSchema, 'The therapist.'), ...readProblems('therapist_not_found') },
});

const slots = createRoute({
  method: 'get',
  path: '/v1/therapists/{id}/slots',
  operationId: 'listSlots',
  tags: ['Therapists'],
  summary: 'Bookable starts between two instants, at most 31 days apart',
  ...everybody,
  request: {
    params: idParam,
    query: pageQuery({ standard: 100, most: 500 }).extend({
      from: instantInput,
      to: instantInput,
      durationMinutes: z.coerce.number().int().min(1).max(1_440),
    }),
  },
  responses: {
    200: json(pageOf(z.object({ startsAt: instant, endsAt: instant })), 'A page of starts.'),
    ...readProblems('therapist_not_found', 'duration_not_offered'),
  },
});

async function therapistOf(db: Services['db'], id: string): Promise<Therapist> {
  const therapist = isUuid(id) ? await readTherapist(db, id) : null;
  if (therapist === null) throw new Problem('therapist_not_found');
  return therapist;
}

interface SlotsQuery {
  from: number;
  to: number;
  durationMinutes: number;
  limit: number;
  cursor?: string | undefined;
}

async function findSlots(
  db: Services['db'],
  therapist: Therapist,
  { from, to, durationMinutes, limit, cursor }: SlotsQuery,
) {
  if (to <= from) throw invalid('query.to', 'must be after from');
  if (to - from > LONGEST_RANGE_DAYS * DAY_MS)
    throw invalid('query.to', `must be at most ${LONGEST_RANGE_DAYS} days after from`);
  if (!therapist.durationsMinutes.includes(durationMinutes)) throw new Refused('duration_not_offered');
  const { availability, policy } = toAvailability(therapist);
  const { minuteMs } = policy;
  const [last] = decodeCursor(cursor, z.tuple([z.int()])) ?? [null];
  const now = await databaseNow(db);
  const widest = blockOf({ startsAt: from, endsAt: to + durationMinutes * minuteMs }, availability);
  const search = {
    from: last === null ? from : Math.max(from, last + 1),
    to,
    now,
    durationMinutes,
    minuteMs,
    taken: await takenSlots(db, therapist.id, widest.from, widest.to),
    limit: limit + 1,
  };
  const starts = bookableStarts(availability, search);
  const items = starts
    .slice(0, limit)
    .map((start) => ({ startsAt: iso(start), endsAt: iso(start + durationMinutes * minuteMs) }));
  return { items, nextCursor: starts.length > limit ? encodeCursor([starts[limit - 1]!]) : null };
}

export const therapistRoutes = ({ db }: Services) =>
  newRoutes()
    .openapi(list, async (c) => {
      const { limit, cursor } = c.req.valid('query');
      const [after] = decodeCursor(cursor, z.tuple([z.uuid()])) ?? [null];
      const found = await listTherapists(db, { limit: limit + 1, after });
      return c.json(
        toPage(found, limit, ({ id }) => [id], presentTherapist),
        200,
      );
    })
    .openapi(one, async (c) => c.json(presentTherapist(await therapistOf(db, c.req.valid('param').id)), 200))
    .openapi(slots, async (c) => {
      const therapist = await therapistOf(db, c.req.valid('param').id);
      return c.json(await findSlots(db, therapist, c.req.valid('query')), 200);
    });
