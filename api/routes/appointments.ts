import { createRoute, z } from '@hono/zod-openapi';
import { databaseNow } from '../../db/clock.js';
import { type ListFilter, listAppointments } from '../../db/lists.js';
import { SESSION_MODES, STATUSES } from '../../domain/types.js';
import { bookAppointment } from '../booking.js';
import { once } from '../idempotency.js';
import { isUuid } from '../ids.js';
import { EARLIEST, idInput, idParam, instantInput, LATEST, repeated, requiredKey } from '../inputs.js';
import { decodeCursor, pageQuery, toPage } from '../page.js';
import { presentAppointment, type Reader } from '../present.js';
import { keyedProblems, readProblems } from '../problem-responses.js';
import { may, json, jsonBody, newRoutes } from '../routing.js';
import { appointmentSchema, pageOf } from '../schemas.js';
import type { Services } from '../services.js';
import { visibleAppointment } from '../visible.js';

const bookingSchema = z
  .object({
    therapistId: idInput,
    startsAt: instantInput,
    durationMinutes: z.int().min(1).max(1_440),
    sessionMode: z.enum(SESSION_MODES),
  })
  .openapi('Booking');

const book = createRoute({
  method: 'post',
  path: '/v1/appointments',
  operationId: 'bookAppointment',
  tags: ['Appointments'],
  summary: 'Book a session',
  ...may('book'),
  request: { headers: requiredKey, body: jsonBody(bookingSchema) },
  responses: {
    201: json(appointmentSchema, 'Booked; pay before payBy.'),
    ...keyedProblems(
      'unknown_therapist',
      'duration_not_offered',
      'slot_taken',
      'own_overlap',
      'too_many_unpaid',
      'outside_hours',
      'too_late',
      'temporal_unavailable',
    ),
  },
});

const filters = pageQuery().extend({
  status: repeated(z.enum(STATUSES)),
  needs: z.enum(['payment', 'activation']).optional(),
  from: instantInput.optional(),
  to: instantInput.optional(),
  therapistId: idInput.optional(),
  clientId: idInput.optional(),
});

const list = createRoute({
  method: 'get',
  path: '/v1/appointments',
  operationId: 'listAppointments',
  tags: ['Appointments'],
  summary: 'Yours (for an admin: all), by start',
  ...may('see_appointment'),
  request: { query: filters },
  responses: { 200: json(pageOf(appointmentSchema), 'A page of appointments, statuses as of now.'), ...readProblems() },
});

const one = createRoute({
  method: 'get',
  path: '/v1/appointments/{id}',
  operationId: 'getAppointment',
  tags: ['Appointments'],
  summary: 'One appointment',
  ...may('see_appointment'),
  request: { params: idParam },
  responses: {
    200: json(appointmentSchema, 'The appointment, status as of now.'),
    ...readProblems('unknown_appointment'),
  },
});

const place = z.tuple([z.int().min(EARLIEST).max(LATEST), z.uuid()]);

async function readPage(db: Services['db'], reader: Reader, query: z.output<typeof filters>) {
  const { limit, cursor, status, needs, from, to, therapistId, clientId } = query;
  const last = decodeCursor(cursor, place);
  // An id that isn't one of ours names nobody, so nothing is of theirs.
  if ([therapistId, clientId].some((id) => id !== undefined && !isUuid(id))) return { items: [], nextCursor: null };
  const filter: ListFilter = {
    statuses: status ?? [],
    needs: needs ?? null,
    from: from ?? null,
    to: to ?? null,
    therapistId: therapistId ?? null,
    clientId: clientId ?? null,
  };
  const at = await databaseNow(db);
  const after = last === null ? null : { startsAt: last[0], id: last[1] };
  const found = await listAppointments(db, reader, filter, { at, limit: limit + 1, after });
  return toPage(
    found,
    limit,
    ({ record }) => [record.startsAt, record.id],
    (seen) => presentAppointment(seen, reader, at),
  );
}

export const appointmentRoutes = (services: Services) =>
  newRoutes()
    .openapi(book, async (c) => {
      const caller = c.get('caller');
      const input = c.req.valid('json');
      const { body } = await once(c, services, {
        input,
        work: async (attempt) => {
          const seen = await bookAppointment(services, caller, input, attempt);
          return { status: 201, body: presentAppointment(seen, caller) };
        },
      });
      return c.json(body, 201);
    })
    .openapi(list, async (c) => {
      const page = await readPage(services.db, c.get('caller'), c.req.valid('query'));
      c.set(
        'shown',
        page.items.map((one) => one.id),
      );
      return c.json(page, 200);
    })
    .openapi(one, async (c) => {
      const seen = await visibleAppointment(c, services, c.req.valid('param').id);
      return c.json(presentAppointment(seen, c.get('caller')), 200);
    });
