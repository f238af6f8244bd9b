import { createRoute, z } from '@hono/zod-openapi';
import { listInbox, readInboxItem, type InboxItem } from '../../db/inbox.js';
import { writeInApp } from '../../texts/messages.js';
import type { Reading } from '../../texts/instants.js';
import { Problem } from '../errors.js';
import { once } from '../idempotency.js';
import { isUuid } from '../ids.js';
import { idParam, optionalKey } from '../inputs.js';
import { decodeCursor, pageQuery, toPage } from '../page.js';
import { postProblems, readProblems } from '../problem-responses.js';
import { may, json, newRoutes } from '../routing.js';
import { id, instant, pageOf } from '../schemas.js';
import type { Services } from '../services.js';

const notificationSchema = z
  .object({
    id,
    appointmentId: id,
    kind: z.string().openapi({ description: 'What happened.' }),
    template: z.string().nullable().openapi({ description: 'What was said of it, decided as it was sent.' }),
    title: z.string().openapi({ example: 'Approved' }),
    text: z.string().openapi({ description: 'One sentence or two, in your language and your time zone.' }),
    createdAt: instant,
    sentAt: instant.nullable(),
    readAt: instant.nullable(),
  })
  .openapi('Notification');

const list = createRoute({
  method: 'get',
  path: '/v1/notifications',
  operationId: 'listNotifications',
  tags: ['People'],
  summary: 'Your in-app messages, the newest first',
  ...may('read_notifications'),
  request: { query: pageQuery() },
  responses: { 200: json(pageOf(notificationSchema), 'A page of messages.'), ...readProblems() },
});

const markRead = createRoute({
  method: 'post',
  path: '/v1/notifications/{id}/read',
  operationId: 'readNotification',
  tags: ['People'],
  summary: 'You have read it; the first time counts',
  ...may('read_notifications'),
  request: { params: idParam, headers: optionalKey },
  responses: { 200: json(notificationSchema, 'The message.'), ...postProblems('notification_not_found') },
});

function present(item: InboxItem, reading: Reading): z.infer<typeof notificationSchema> {
  const { id: itemId, appointmentId, kind, template, createdAt, sentAt, readAt, startsAt, endsAt, payBy } = item;
  const told = {
    id: appointmentId,
    startsAt: startsAt.getTime(),
    endsAt: endsAt.getTime(),
    payBy: payBy.getTime(),
  };
  const written = template === null ? { title: '', text: '' } : writeInApp(template, told, reading);
  return {
    id: itemId,
    appointmentId,
    kind,
    template,
    ...written,
    createdAt: createdAt.toISOString(),
    sentAt: sentAt?.toISOString() ?? null,
    readAt: readAt?.toISOString() ?? null,
  };
}

export const notificationRoutes = (services: Services) =>
  newRoutes()
    .openapi(list, async (c) => {
      const { limit, cursor } = c.req.valid('query');
      const [before] = decodeCursor(cursor, z.tuple([z.uuid()])) ?? [null];
      const caller = c.get('caller');
      const found = await listInbox(services.db, caller.id, { limit: limit + 1, before });
      return c.json(
        toPage(
          found,
          limit,
          (row) => [row.id],
          (row) => present(row, caller),
        ),
        200,
      );
    })
    .openapi(markRead, async (c) => {
      const wanted = c.req.valid('param').id;
      const caller = c.get('caller');
      const { body } = await once(c, services, {
        input: {},
        minted: false,
        async work() {
          const item = isUuid(wanted) ? await readInboxItem(services.db, caller.id, wanted) : null;
          if (item === null) throw new Problem('notification_not_found');
          return { status: 200, body: present(item, caller) };
        },
      });
      return c.json(body, 200);
    });
