import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { once } from '../idempotency.js';
import { idParam, optionalKey } from '../inputs.js';
import { endWithCredential } from '../live/revocation.js';
import { issueTicket } from '../live/tickets.js';
import { postProblems, readProblems } from '../problem-responses.js';
import { json, may, newRoutes } from '../routing.js';
import { instant } from '../schemas.js';
import type { ApiEnv, Services } from '../services.js';
import { visibleAppointment } from '../visible.js';

const LONGEST_ID = 2_000;

const resume = {
  query: z.object({
    ticket: z.string().max(200).optional().openapi({ description: 'Instead of a token: see POST /v1/events/tickets.' }),
    lastEventId: z
      .string()
      .max(LONGEST_ID)
      .optional()
      .openapi({ description: 'As Last-Event-ID, for who can’t send it.' }),
  }),
  headers: z.object({
    'last-event-id': z
      .string()
      .max(LONGEST_ID)
      .optional()
      .openapi({ description: 'The id of the last event received: what came since is sent first.' }),
  }),
};

const stream = {
  description:
    'Server-sent events `ready`, `reset`, `appointment.changed`, `appointment.removed`, `payment.changed`, `refund.changed`, `notification.created`.',
  content: {
    'text/event-stream': {
      schema: z.string().openapi({
        example:
          'id: 748:748:@1764000000000\nevent: appointment.changed\ndata: {"id":"01993f0e-5b7c-7d7e-9d52-0c7a1c1f6a10","version":4,"status":"confirmed","deciding":false,"changes":["confirmed"]}\n\n',
      }),
    },
  },
};

/** A stream opens by a ticket, too. */
const byTicket = <T extends { security: Record<string, string[]>[] }>(allowed: T): T => {
  return { ...allowed, security: [...allowed.security, { ticket: [] }] };
};

const all = createRoute({
  method: 'get',
  path: '/v1/events',
  operationId: 'streamEvents',
  tags: ['Live updates'],
  summary: 'What happens to anything of yours, as it happens',
  ...byTicket(may('listen')),
  request: resume,
  responses: { 200: stream, ...readProblems('ticket_invalid', 'too_many_streams') },
});

const ofOne = createRoute({
  method: 'get',
  path: '/v1/appointments/{id}/events',
  operationId: 'streamAppointmentEvents',
  tags: ['Live updates'],
  summary: 'What happens to one appointment, as it happens',
  ...byTicket(may('listen')),
  request: { ...resume, params: idParam },
  responses: { 200: stream, ...readProblems('ticket_invalid', 'too_many_streams', 'unknown_appointment') },
});

const ticketSchema = z.object({ ticket: z.string(), expiresAt: instant }).openapi('EventTicket');

const tickets = createRoute({
  method: 'post',
  path: '/v1/events/tickets',
  operationId: 'createEventTicket',
  tags: ['Live updates'],
  summary: 'A ticket for one stream, since a browser’s EventSource sends no header',
  ...may('listen'),
  request: { headers: optionalKey },
  responses: { 201: json(ticketSchema, 'Good for one stream within 30 seconds, as ?ticket=.'), ...postProblems() },
});

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
};

interface Resumed {
  header: { 'last-event-id'?: string | undefined };
  query: { lastEventId?: string | undefined };
}

async function open(c: Context<ApiEnv>, { live }: Services, resumed: Resumed, appointmentId: string | null) {
  const { id, role } = c.get('caller');
  const { outgoing } = (c.env as ApiEnv['Bindings'] | undefined) ?? {};
  if (outgoing !== undefined) endWithCredential(outgoing, c.get('credential'));
  const lastEventId = resumed.header['last-event-id'] || resumed.query.lastEventId || null;
  return live.open({ id, role, appointmentId }, lastEventId, () => outgoing?.destroy());
}

export const eventRoutes = (services: Services) =>
  newRoutes()
    .openapi(all, async (c) => {
      const resumed = { header: c.req.valid('header'), query: c.req.valid('query') };
      return c.body(await open(c, services, resumed, null), 200, HEADERS);
    })
    .openapi(ofOne, async (c) => {
      const resumed = { header: c.req.valid('header'), query: c.req.valid('query') };
      const { record } = await visibleAppointment(c, services, c.req.valid('param').id);
      return c.body(await open(c, services, resumed, record.id), 200, HEADERS);
    })
    .openapi(tickets, async (c) => {
      const issue = async () => {
        const { ticket, expiresAt } = await issueTicket(services.db, c.get('caller').id, c.get('credential'));
        return { ticket, expiresAt: expiresAt.toISOString() };
      };
      const { body } = await once(c, services, {
        input: {},
        minted: false,
        work: async () => ({ status: 201, body: {}, secrets: await issue() }),
        restore: issue,
      });
      return c.json(body as z.output<typeof ticketSchema>, 201);
    });
