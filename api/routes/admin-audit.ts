import { createRoute, z } from '@hono/zod-openapi';
import { type AuditLine, listAudit } from '../../db/audit-log.js';
import { isUuid } from '../ids.js';
import { decodeCursor, encodeCursor, pageQuery } from '../page.js';
import { readProblems } from '../problem-responses.js';
import { json, may, newRoutes } from '../routing.js';
import { id, instant, pageOf } from '../schemas.js';
import type { Services } from '../services.js';

const lineSchema = z
  .object({
    at: instant,
    actor: z.object({ role: z.string(), id: id.nullable() }),
    action: z.string().openapi({
      description: '`read` is an admin’s look; else what was asked for, or what happened to an appointment.',
      example: 'read',
    }),
    object: z.object({ type: z.string().openapi({ example: 'appointment' }), id: z.string().nullable() }),
    requestId: z.string().nullable().openapi({ description: 'As in X-Request-Id and the log.' }),
  })
  .openapi('AuditLine');

const filterText = z.string().min(1).max(100).optional();

const list = createRoute({
  method: 'get',
  path: '/v1/admin/audit',
  operationId: 'listAudit',
  tags: ['Administration'],
  summary: 'Who read and changed what, the newest first',
  description:
    'Append-only. What was done to an appointment comes from its timeline, everything else was written down before it was begun: a line says that it was asked for.',
  ...may('see_audit'),
  request: {
    query: pageQuery().extend({
      actorId: filterText,
      action: filterText,
      objectType: filterText,
      objectId: filterText,
    }),
  },
  responses: { 200: json(pageOf(lineSchema), 'A page of the log.'), ...readProblems() },
});

const place = z.tuple([z.int().nullable(), z.int().nullable()]);

function present({ at, actorRole, actorId, action, objectType, objectId, requestId }: AuditLine) {
  return {
    at: at.toISOString(),
    actor: { role: actorRole, id: actorId },
    action,
    object: { type: objectType, id: objectId },
    requestId,
  };
}

export const adminAuditRoutes = ({ db }: Pick<Services, 'db'>) =>
  newRoutes().openapi(list, async (c) => {
    const { limit, cursor, actorId, action, objectType, objectId } = c.req.valid('query');
    const [audit, timeline] = decodeCursor(cursor, place) ?? [null, null];
    // An id that isn't one of ours has done nothing.
    if (actorId !== undefined && !isUuid(actorId)) return c.json({ items: [], nextCursor: null }, 200);
    const filter = {
      actorId: actorId ?? null,
      action: action ?? null,
      objectType: objectType ?? null,
      objectId: objectId ?? null,
    };
    const { lines, next } = await listAudit(db, filter, { limit, after: { audit, timeline } });
    const nextCursor = next === null ? null : encodeCursor([next.audit, next.timeline]);
    return c.json({ items: lines.map(present), nextCursor }, 200);
  });
