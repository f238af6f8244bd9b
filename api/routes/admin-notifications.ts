import { createRoute, z } from '@hono/zod-openapi';
import { notificationsOf, resendNotification, type NotificationRow } from '../../db/notification-resends.js';
import { ROLES } from '../../domain/types.js';
import { Problem } from '../errors.js';
import { once } from '../idempotency.js';
import { isUuid } from '../ids.js';
import { idInput, idParam, optionalKey } from '../inputs.js';
import { OF_APPOINTMENT, postBodyProblems, readProblems } from '../problem-responses.js';
import { may, json, jsonBody, newRoutes } from '../routing.js';
import { id, instant, pageOf } from '../schemas.js';
import type { Services } from '../services.js';
import { visibleAppointment } from '../visible.js';

const toldSchema = z
  .object({
    id,
    kind: z.string(),
    template: z.string().nullable().openapi({ description: 'What it became; null until it is handed over.' }),
    recipient: z.object({ id, role: z.enum(ROLES) }),
    channel: z.enum(['email', 'sms', 'in_app']),
    status: z.enum(['pending', 'sending', 'sent', 'skipped', 'voided', 'failed']),
    error: z.string().nullable(),
    attempts: z.int(),
    occasion: z
      .int()
      .openapi({ description: '0 for the first time; counted up when it happens again, or is sent anew.' }),
    notBefore: instant,
    sentAt: instant.nullable(),
  })
  .openapi('SentNotification');

const list = createRoute({
  method: 'get',
  path: '/v1/admin/appointments/{id}/notifications',
  operationId: 'listAppointmentNotifications',
  tags: ['Administration'],
  summary: 'Who was told what of an appointment, by which channel, and what became of it',
  ...may('see_operations'),
  request: { params: idParam },
  responses: {
    200: json(pageOf(toldSchema), 'All of them, the oldest first.'),
    ...readProblems('unknown_appointment'),
  },
});

const resend = createRoute({
  method: 'post',
  path: '/v1/admin/appointments/{id}/notifications/resend',
  operationId: 'resendNotification',
  tags: ['Administration'],
  summary: 'Send one of them anew',
  description: 'As a row of its own, which says what holds then, by what its recipient has chosen.',
  ...may('run_operations'),
  request: { params: idParam, headers: optionalKey, body: jsonBody(z.object({ notificationId: idInput })) },
  responses: {
    201: json(toldSchema, 'It waits for its sending.'),
    ...postBodyProblems(...OF_APPOINTMENT, 'nothing_to_resend'),
  },
});

function present(row: NotificationRow): z.infer<typeof toldSchema> {
  const { recipientId, recipientRole, notBefore, sentAt, createdAt: _, ...rest } = row;
  return {
    ...rest,
    recipient: { id: recipientId, role: recipientRole },
    notBefore: notBefore.toISOString(),
    sentAt: sentAt?.toISOString() ?? null,
  };
}

export const adminNotificationRoutes = (services: Services) =>
  newRoutes()
    .openapi(list, async (c) => {
      const { record } = await visibleAppointment(c, services, c.req.valid('param').id);
      const rows = await notificationsOf(services.db, record.id);
      return c.json({ items: rows.map(present), nextCursor: null }, 200);
    })
    .openapi(resend, async (c) => {
      const { record } = await visibleAppointment(c, services, c.req.valid('param').id);
      const { notificationId } = c.req.valid('json');
      const { body } = await once(c, services, {
        input: { notificationId },
        async work({ resourceId }) {
          const row = isUuid(notificationId)
            ? await resendNotification(services.db, {
                id: resourceId,
                appointmentId: record.id,
                notificationId,
                adminId: c.get('caller').id,
                requestId: c.get('requestId'),
              })
            : null;
          if (row === null) throw new Problem('nothing_to_resend');
          return { status: 201, body: present(row) };
        },
      });
      return c.json(body, 201);
    });
