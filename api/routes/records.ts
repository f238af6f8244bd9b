import { createRoute, z } from '@hono/zod-openapi';
import { withReasons } from '../../db/notes.js';
import { writeReview } from '../../db/reviews.js';
import { readTimeline } from '../../db/timeline.js';
import type { SeenAppointment } from '../../db/seen-appointment.js';
import { advance, pendingDeadlines } from '../../domain/advance.js';
import { Refused } from '../../domain/refusals.js';
import { SYSTEM } from '../../domain/types.js';
import { mayEver } from '../access.js';
import { once } from '../idempotency.js';
import { idParam, optionalKey, text } from '../inputs.js';
import { iso } from '../present.js';
import { OF_APPOINTMENT, postBodyProblems, readProblems } from '../problem-responses.js';
import { may, json, jsonBody, newRoutes } from '../routing.js';
import { id, instant } from '../schemas.js';
import type { Services } from '../services.js';
import { visibleAppointment } from '../visible.js';

const reviewSchema = z
  .object({ rating: z.int().min(1).max(5), text: z.string().nullable(), createdAt: instant })
  .openapi('Review');
const reviewInput = z.object({ rating: z.int().min(1).max(5), text: text(4_000).optional() });

const actor = z.object({ role: z.string(), id: id.nullable() });
const timelineSchema = z
  .object({
    entries: z.array(
      z.object({
        at: instant.openapi({ description: 'When it was made durable.' }),
        due: instant
          .nullable()
          .openapi({ description: 'What it counts for: a deadline, or when the message arrived.' }),
        kind: z.string(),
        actor,
        detail: z.record(z.string(), z.unknown()),
      }),
    ),
    upcoming: z.array(z.object({ event: z.string(), due: instant, actor })),
  })
  .openapi('Timeline');

const liveSchema = z
  .looseObject({
    status: z.string(),
    waitingFor: z.array(z.string()),
    nextDeadline: z.object({ event: z.string(), due: z.string() }).nullable(),
  })
  .openapi('WorkflowState', { description: 'The workflow’s own answer.' });

const review = createRoute({
  method: 'post',
  path: '/v1/appointments/{id}/review',
  operationId: 'reviewAppointment',
  tags: ['Appointments'],
  summary: 'Review a completed session, once',
  ...may('review'),
  request: { params: idParam, headers: optionalKey, body: jsonBody(reviewInput) },
  responses: {
    201: json(reviewSchema, 'Written.'),
    ...postBodyProblems(...OF_APPOINTMENT, 'not_completed', 'review_exists'),
  },
});

const timeline = createRoute({
  method: 'get',
  path: '/v1/appointments/{id}/timeline',
  operationId: 'getTimeline',
  tags: ['Appointments'],
  summary: 'What happened, and what happens next and when',
  ...may('see_appointment'),
  request: { params: idParam },
  responses: {
    200: json(timelineSchema, 'Oldest first; upcoming by its due time.'),
    ...readProblems('unknown_appointment'),
  },
});

const live = createRoute({
  method: 'get',
  path: '/v1/appointments/{id}/live',
  operationId: 'getWorkflowState',
  tags: ['Appointments'],
  summary: 'What the workflow itself says (a Temporal query)',
  ...may('see_appointment'),
  request: { params: idParam },
  responses: {
    200: json(liveSchema, 'Its state, what it waits for, its next deadline.'),
    ...readProblems('unknown_appointment', 'workflow_not_found', 'temporal_unavailable'),
  },
});

/** As committed: until then a message that came before the end may still turn it out otherwise. */
function assertCompleted({ record }: SeenAppointment): void {
  if (record.status !== 'completed') throw new Refused('not_completed');
}

async function presentTimeline(
  db: Services['db'],
  { record, now }: SeenAppointment,
): Promise<z.infer<typeof timelineSchema>> {
  const written = await withReasons(db, record.id, await readTimeline(db, record.id), {
    of: ({ detail }) => detail['reason'],
    put: (entry, reason) => ({ ...entry, detail: { ...entry.detail, reason } }),
  });
  const entries = written.map(({ at, due, kind, actorRole, actorId, detail }) => {
    return {
      at: at.toISOString(),
      due: due?.toISOString() ?? null,
      kind,
      actor: { role: actorRole, id: actorId },
      detail,
    };
  });
  const { record: current } = advance(record, now);
  const upcoming = pendingDeadlines(current).map(({ event, due }) => ({ event, due: iso(due), actor: SYSTEM }));
  return { entries, upcoming };
}

export const recordRoutes = (services: Services) =>
  newRoutes()
    .openapi(review, async (c) => {
      const seen = await visibleAppointment(c, services, c.req.valid('param').id);
      const input = c.req.valid('json');
      const { body } = await once(c, services, {
        input,
        work: async () => {
          assertCompleted(seen);
          const written = await writeReview(services.db, seen.record.id, {
            rating: input.rating,
            text: input.text ?? null,
          });
          if (written === null) throw new Refused('review_exists');
          return { status: 201, body: { ...written, createdAt: written.createdAt.toISOString() } };
        },
      });
      return c.json(body, 201);
    })
    .openapi(timeline, async (c) => {
      const seen = await visibleAppointment(c, services, c.req.valid('param').id);
      return c.json(await presentTimeline(services.db, seen), 200);
    })
    .openapi(live, async (c) => {
      const { record } = await visibleAppointment(c, services, c.req.valid('param').id);
      const { refused, ...state } = await services.calls.state(record.id);
      // What operators typed by hand is for admins.
      return c.json(mayEver(c.get('caller'), 'see_refused_messages') ? { ...state, refused } : state, 200);
    });
