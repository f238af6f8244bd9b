import { createRoute, z } from '@hono/zod-openapi';
import { endSession, listSessions } from '../../db/web-sessions.js';
import { Problem } from '../errors.js';
import { isUuid } from '../ids.js';
import { idParam } from '../inputs.js';
import { changeProblems, readProblems } from '../problem-responses.js';
import { json, may, newRoutes } from '../routing.js';
import { id, instant, pageOf } from '../schemas.js';
import type { Services } from '../services.js';

const sessionSchema = z
  .object({
    id,
    createdAt: instant,
    seenAt: instant.openapi({ description: 'Of a request, to the minute.' }),
    expiresAt: instant.openapi({ description: 'At the latest; earlier without requests.' }),
    isCurrent: z.boolean().openapi({ description: 'This request came by it.' }),
  })
  .openapi('WebSession');

const list = createRoute({
  method: 'get',
  path: '/v1/me/sessions',
  operationId: 'listMySessions',
  tags: ['People'],
  summary: 'Where you are signed in to the web app',
  ...may('see_self'),
  responses: { 200: json(pageOf(sessionSchema), 'The open ones, the newest first.'), ...readProblems() },
});

const end = createRoute({
  method: 'delete',
  path: '/v1/me/sessions/{id}',
  operationId: 'endMySession',
  tags: ['People'],
  summary: 'Sign out there',
  ...may('change_self'),
  request: { params: idParam },
  responses: { 204: { description: 'Ended.' }, ...changeProblems('session_not_found') },
});

export const mySessionRoutes = ({ db, callers }: Services) =>
  newRoutes()
    .openapi(list, async (c) => {
      const found = await listSessions(db, c.get('caller').id);
      const { sessionId } = c.get('credential');
      const items = found.map((session) => ({
        id: session.id,
        createdAt: session.createdAt.toISOString(),
        seenAt: session.seenAt.toISOString(),
        expiresAt: session.expiresAt.toISOString(),
        isCurrent: session.id === sessionId,
      }));
      return c.json({ items, nextCursor: null }, 200);
    })
    .openapi(end, async (c) => {
      const wanted = c.req.valid('param').id;
      const ended = isUuid(wanted) ? await endSession(db, { id: wanted, personId: c.get('caller').id }) : null;
      if (ended === null) throw new Problem('session_not_found');
      callers.sessions.forget(ended);
      return c.body(null, 204);
    });
