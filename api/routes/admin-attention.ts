import { createRoute, z } from '@hono/zod-openapi';
import { ATTENTION_KINDS, readAttention } from '../../db/attention.js';
import { readProblems } from '../problem-responses.js';
import { may, json, newRoutes } from '../routing.js';
import { id, instant } from '../schemas.js';
import type { Services } from '../services.js';

const kind = z.enum(ATTENTION_KINDS);

const attentionSchema = z
  .object({
    items: z.array(
      z.object({
        kind,
        id: z
          .string()
          .openapi({ description: 'Of the message, notification, appointment, event, refund, dispute or account.' }),
        appointmentId: id.nullable(),
        since: instant.openapi({ description: 'When it got stuck.' }),
        detail: z.record(z.string(), z.unknown()),
        remedy: z.string(),
      }),
    ),
    more: z.array(kind).openapi({ description: 'Kinds of which there are more than are listed.' }),
  })
  .openapi('Attention');

const attention = createRoute({
  method: 'get',
  path: '/v1/admin/attention',
  operationId: 'getAttention',
  tags: ['Administration'],
  summary: 'What is stuck and why, and what to do about it',
  ...may('see_operations'),
  responses: {
    200: json(attentionSchema, 'The longest stuck first, within a kind; empty when all is well.'),
    ...readProblems(),
  },
});

export const adminAttentionRoutes = ({ db }: Services) =>
  newRoutes().openapi(attention, async (c) => {
    const { items, more } = await readAttention(db);
    return c.json({ items: items.map((item) => ({ ...item, since: item.since.toISOString() })), more }, 200);
  });
