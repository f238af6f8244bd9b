import { createRoute, z } from '@hono/zod-openapi';
import { leaveSession } from '../../db/joins.js';
import { SESSION_MODES } from '../../domain/types.js';
import { endSession } from '../../workflows/messages.js';
import { participantOf } from '../access.js';
import { changeAppointment } from '../change-request.js';
import { once } from '../idempotency.js';
import { idParam, optionalKey } from '../inputs.js';
import { join, rejoin } from '../joining.js';
import { iso, presentAppointment, presentJoin } from '../present.js';
import { readAgain } from '../request-decision.js';
import {
  BY_PROVIDER,
  BY_WORKFLOW,
  JOIN_REFUSALS,
  OF_APPOINTMENT,
  postProblems,
  readProblems,
} from '../problem-responses.js';
import { may, json, newRoutes } from '../routing.js';
import { appointmentSchema, instant, joinAnswerSchema } from '../schemas.js';
import type { Services } from '../services.js';
import { visibleAppointment } from '../visible.js';

const ticketSchema = z
  .object({
    mode: z.enum(SESSION_MODES),
    room: z.object({ name: z.string(), sid: z.string(), identity: z.string() }),
    token: z.string().openapi({ description: 'Twilio access token, for this room and a short time.' }),
    expiresAt: instant,
    endsAt: instant,
  })
  .openapi('JoinTicket');

const verdict = createRoute({
  method: 'get',
  path: '/v1/appointments/{id}/join',
  operationId: 'getJoinVerdict',
  tags: ['Sessions'],
  summary: 'The Join button: whether, why not, since when',
  ...may('see_appointment'),
  request: { params: idParam },
  responses: {
    200: json(joinAnswerSchema, 'The verdict; an admin gets both participants’.'),
    ...readProblems('unknown_appointment'),
  },
});

const joinRoute = createRoute({
  method: 'post',
  path: '/v1/appointments/{id}/join',
  operationId: 'joinSession',
  tags: ['Sessions'],
  summary: 'Join the session',
  ...may('attend'),
  request: { params: idParam, headers: optionalKey },
  responses: {
    200: json(ticketSchema, 'Let in.'),
    ...postProblems(...OF_APPOINTMENT, ...JOIN_REFUSALS, ...BY_PROVIDER),
  },
});

const leave = createRoute({
  method: 'post',
  path: '/v1/appointments/{id}/leave',
  operationId: 'leaveSession',
  tags: ['Sessions'],
  summary: 'Leave; the session goes on and can be joined again until its end',
  ...may('attend'),
  request: { params: idParam, headers: optionalKey },
  responses: {
    200: json(appointmentSchema, 'Left.'),
    ...postProblems(...OF_APPOINTMENT, 'not_started', 'already_over'),
  },
});

const end = createRoute({
  method: 'post',
  path: '/v1/appointments/{id}/end',
  operationId: 'endSession',
  tags: ['Sessions'],
  summary: 'End the session',
  ...may('attend'),
  request: { params: idParam, headers: optionalKey },
  responses: {
    200: json(appointmentSchema, 'Decided; see status and outcome.'),
    ...postProblems(...BY_WORKFLOW, 'not_started', 'already_over'),
  },
});

export const sessionRoutes = (services: Services) =>
  newRoutes()
    .openapi(verdict, async (c) => {
      const seen = await visibleAppointment(c, services, c.req.valid('param').id);
      return c.json(presentJoin(seen, c.get('caller')), 200);
    })
    .openapi(joinRoute, async (c) => {
      const caller = c.get('caller');
      const participant = participantOf(caller);
      const seen = await visibleAppointment(c, services, c.req.valid('param').id);
      const { sessionMode: mode, endsAt } = seen.record;
      const { body } = await once(c, services, {
        input: {},
        minted: false,
        work: async ({ key }) => {
          const kept = { mode, endsAt: iso(endsAt) };
          const answer = key && { key, status: 200, body: kept };
          const secrets = await join(services, seen, participant, caller.id, answer);
          return { status: 200, body: kept as z.infer<typeof ticketSchema>, secrets, remember: 'done' as const };
        },
        restore: () => rejoin(services, seen, participant),
      });
      return c.json(body, 200);
    })
    .openapi(leave, async (c) => {
      const caller = c.get('caller');
      const { record } = await visibleAppointment(c, services, c.req.valid('param').id);
      const { body } = await once(c, services, {
        input: {},
        minted: false,
        work: async () => {
          const { messageId } = await leaveSession(services.db, record.id, participantOf(caller), caller.id);
          services.messenger.tell(record.id, 'leave', messageId);
          return { status: 200, body: presentAppointment(await readAgain(services, caller, record.id), caller) };
        },
      });
      return c.json(body, 200);
    })
    .openapi(end, async (c) => {
      const change = { update: endSession, input: {} };
      return c.json(await changeAppointment(c, services, c.req.valid('param').id, change), 200);
    });
