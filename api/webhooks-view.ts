import { z } from '@hono/zod-openapi';
import type { WebhookDelivery } from '../db/webhook-deliveries.js';
import type { WebhookEndpoint } from '../db/webhook-endpoints.js';
import { WEBHOOK_TYPES } from '../domain/webhook-types.js';
import { text } from './inputs.js';
import { id, instant } from './schemas.js';

const type = z.enum(WEBHOOK_TYPES as [string, ...string[]]);

export const endpointInput = z
  .object({
    url: z.string().min(1).max(2_000).openapi({ example: 'https://example.com/hooks/punctual' }),
    description: text(200).optional(),
    types: z
      .array(type)
      .max(WEBHOOK_TYPES.length)
      .default([])
      .openapi({ description: 'Which events; all of them when empty.', example: ['appointment.confirmed'] }),
  })
  .openapi('WebhookEndpointInput');

export const endpointSchema = z
  .object({
    id,
    url: z.string(),
    description: z.string().nullable(),
    types: z.array(z.string()),
    status: z.enum(['enabled', 'disabled']),
    disabledAt: instant.nullable(),
    disabledReason: z.enum(['gone', 'failing']).nullable().openapi({
      description: '`gone`: answered with 410. `failing`: nothing arrived while a delivery had all its tries.',
    }),
    deliveredAt: instant.nullable().openapi({ description: 'When something last arrived.' }),
    oldSecretUntil: instant.nullable().openapi({ description: 'Until then the former secret signs too.' }),
    createdAt: instant,
    secret: z.string().optional().openapi({ description: 'In the answer that makes it, and never again.' }),
  })
  .openapi('WebhookEndpoint');

export const deliverySchema = z
  .object({
    id,
    endpointId: id,
    messageId: z.string().openapi({ description: 'The header webhook-id: the same on every try.' }),
    type: z.string(),
    appointmentId: id.nullable(),
    status: z.enum(['pending', 'delivered', 'failed', 'skipped']),
    attempts: z.int(),
    nextAttemptAt: instant.nullable(),
    deliveredAt: instant.nullable(),
    createdAt: instant,
    body: z.string().openapi({ description: 'As it is signed and sent.' }),
    tries: z.array(
      z.object({
        at: instant,
        status: z.int().nullable(),
        error: z.string().nullable(),
        tookMs: z.int(),
        answer: z.string().nullable().openapi({ description: 'The beginning of what was answered.' }),
      }),
    ),
  })
  .openapi('WebhookDelivery');

const iso = (at: Date | null): string | null => at?.toISOString() ?? null;

/** Never with a secret: that goes beside it, once. */
export function presentEndpoint(row: WebhookEndpoint): z.output<typeof endpointSchema> {
  const { id: endpointId, url, description, types, status, disabledReason, previousUntil } = row;
  const isOldValid = previousUntil !== null && previousUntil.getTime() > Date.now();
  return {
    id: endpointId,
    url,
    description,
    types,
    status: status === 'enabled' ? 'enabled' : 'disabled',
    disabledAt: iso(row.disabledAt),
    disabledReason: disabledReason === 'gone' || disabledReason === 'failing' ? disabledReason : null,
    deliveredAt: iso(row.deliveredAt),
    oldSecretUntil: isOldValid ? iso(previousUntil) : null,
    createdAt: row.createdAt.toISOString(),
  };
}

export function presentDelivery(row: WebhookDelivery): z.output<typeof deliverySchema> {
  const { id: deliveryId, endpointId, messageId, type: kind, appointmentId, status, attempts, body, tries } = row;
  return {
    id: deliveryId,
    endpointId,
    messageId,
    type: kind,
    appointmentId,
    status,
    attempts,
    nextAttemptAt: iso(row.nextAttemptAt),
    deliveredAt: iso(row.deliveredAt),
    createdAt: row.createdAt.toISOString(),
    body,
    tries,
  };
}
