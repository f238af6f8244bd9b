import { createRoute, z } from '@hono/zod-openapi';
import { refundAfterEnd } from '../../db/admin-refunds.js';
import type { Refund } from '../../db/refunds.js';
import { once } from '../idempotency.js';
import { idParam, reason, requiredKey } from '../inputs.js';
import { OF_APPOINTMENT, keyedProblems } from '../problem-responses.js';
import { may, json, jsonBody, newRoutes } from '../routing.js';
import { amountMinor, currency, id, instant } from '../schemas.js';
import type { Services } from '../services.js';
import { visibleAppointment } from '../visible.js';

const refundSchema = z
  .object({
    id,
    appointmentId: id.nullable(),
    amountMinor,
    currency,
    to: z.enum(['source', 'wallet']),
    status: z.enum(['pending', 'processing', 'completed', 'refused']),
    reason: z.string(),
    createdAt: instant,
  })
  .openapi('Refund');

const refundRoute = createRoute({
  method: 'post',
  path: '/v1/admin/appointments/{id}/refunds',
  operationId: 'refundAppointment',
  tags: ['Administration'],
  summary: 'Return what a session was charged, or a part of it, after its end',
  description: 'To the source that paid: card or UPI, or the wallet. The therapist’s earnings are taken back with it.',
  ...may('move_money'),
  request: {
    params: idParam,
    headers: requiredKey,
    body: jsonBody(
      z.object({
        amountMinor: z.int().positive().optional().openapi({ description: 'All that is left when left out.' }),
        reason,
      }),
    ),
  },
  responses: {
    201: json(refundSchema, 'Asked for; a source answers by itself.'),
    ...keyedProblems(...OF_APPOINTMENT, 'not_completed', 'refund_disputed', 'amount_too_large'),
  },
});

function presentRefund(refund: Refund, said: string): z.infer<typeof refundSchema> {
  const { id: refundId, appointmentId, amountMinor: amount, currency: code, destination, status, createdAt } = refund;
  return {
    id: refundId,
    appointmentId,
    amountMinor: amount,
    currency: code,
    to: destination,
    status,
    reason: said,
    createdAt: createdAt.toISOString(),
  };
}

export const adminRefundRoutes = (services: Services) =>
  newRoutes().openapi(refundRoute, async (c) => {
    const caller = c.get('caller');
    const seen = await visibleAppointment(c, services, c.req.valid('param').id);
    const input = c.req.valid('json');
    const { body } = await once(c, services, {
      input,
      work: async ({ resourceId }) => {
        const refund = await refundAfterEnd(services.db, {
          id: resourceId,
          appointmentId: seen.record.id,
          amountMinor: input.amountMinor ?? null,
          reason: input.reason,
          actor: { role: 'admin', id: caller.id },
        });
        return { status: 201, body: presentRefund(refund, input.reason) };
      },
    });
    return c.json(body, 201);
  });
