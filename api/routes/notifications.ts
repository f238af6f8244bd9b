import { createRoute, z } from '@hono/zod-openapi';
import { listNotifications } from '../../db/lists.js';
import { decodeCursor, pageQuery, toPage } from '../page.js';
import { may, json, newRoutes, problems } from '../routing.js';
import { id, instant, pageOf } from '../schemas.js';
import type { Services } from '../services.js';

const notificationSchema = z
  .object({
    id,
    appointmentId: id,
    kind: z.string().openapi({ description: 'What happened.' }),
    template: z.string().nullable().openapi({ description: 'What was said of it, decided as it was sent.' }),
    sentAt: instant.nullable(),
    readAt: instant.nullable(),
  })
  .openapi('Notification');

const list = createRoute({
  method: 'get',
  path: '/v1/notifications',
  tags: ['People'],
  summary: 'Your in-app messages, the newest first',
  ...may('read_notifications'),
  request: { query: pageQuery() },
  responses: { 200: json(pageOf(notificationSchema), 'A page of messages.'), ...problems },
});

export const notificationRoutes = ({ db }: Services) =>
  newRoutes().openapi(list, async (c) => {
    const { limit, cursor } = c.req.valid('query');
    const [before] = decodeCursor(cursor, z.tuple([z.uuid()])) ?? [null];
    const found = await listNotifications(db, c.get('caller').id, { limit: limit + 1, before });
    const present = (row: (typeof found)[number]) => {
      return { ...row, sentAt: row.sentAt?.toISOString() ?? null, readAt: row.readAt?.toISOString() ?? null };
    };
    return c.json(
      toPage(found, limit, (row) => [row.id], present),
      200,
    );
  });
