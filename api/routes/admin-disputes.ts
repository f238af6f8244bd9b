import { createRoute, z } from '@hono/zod-openapi';
import { DISPUTE_STATUSES, listDisputes, type ListedDispute } from '../../db/dispute-lists.js';
import { reverseDisputedEarnings } from '../../db/dispute-reversal.js';
import { Problem } from '../errors.js';
import { once } from '../idempotency.js';
import { isUuid } from '../ids.js';
import { idParam, optionalKey, reason } from '../inputs.js';
import { decodeCursor, pageQuery, toPage } from '../page.js';
import { postBodyProblems, readProblems } from '../problem-responses.js';
import { may, json, jsonBody, newRoutes } from '../routing.js';
import { amountMinor, currency, id, instant, pageOf } from '../schemas.js';
import type { Services } from '../services.js';

const status = z.enum(DISPUTE_STATUSES);

const disputeSchema = z
  .object({
    id,
    provider: z.enum(['stripe', 'razorpay']),
    providerRef: z.string().openapi({ description: 'The provider’s own id: evidence is given there.' }),
    status: status.openapi({ description: 'An inquiry has taken no money yet; won and lost are for us.' }),
    reason: z.string().nullable(),
    amountMinor,
    currency,
    countedMinor: amountMinor.openapi({
      description: 'What of it is counted as gone; less where the payment has less.',
    }),
    evidenceDueAt: instant.nullable().openapi({ description: 'Until when evidence is taken.' }),
    paymentId: id,
    clientId: id,
    appointmentId: id.nullable().openapi({ description: 'Null for a top-up of a wallet.' }),
    reversedMinor: amountMinor.openapi({ description: 'What of the session’s earning (gross) was reversed.' }),
    openedAt: instant,
    closedAt: instant.nullable(),
  })
  .openapi('Dispute');

const reversalSchema = z
  .object({ disputeId: id, currency, grossMinor: amountMinor, feeMinor: amountMinor, netMinor: amountMinor })
  .openapi('EarningsReversal');

const list = createRoute({
  method: 'get',
  path: '/v1/admin/disputes',
  operationId: 'listDisputes',
  tags: ['Administration'],
  summary: 'Disputes, the newest first, with their deadlines for evidence',
  ...may('see_money'),
  request: { query: pageQuery().extend({ status: status.optional() }) },
  responses: { 200: json(pageOf(disputeSchema), 'A page of disputes.'), ...readProblems() },
});

const reverseRoute = createRoute({
  method: 'post',
  path: '/v1/admin/disputes/{id}/reverse-earnings',
  operationId: 'reverseDisputedEarnings',
  tags: ['Administration'],
  summary: 'Let the therapist’s earning and the fee bear a lost dispute',
  ...may('move_money'),
  request: { params: idParam, headers: optionalKey, body: jsonBody(z.object({ reason })) },
  responses: {
    200: json(reversalSchema, 'Reversed.'),
    ...postBodyProblems('dispute_not_found', 'dispute_not_lost', 'nothing_to_reverse'),
  },
});

function present({ evidenceDueAt, openedAt, closedAt, ...dispute }: ListedDispute): z.infer<typeof disputeSchema> {
  return {
    ...dispute,
    evidenceDueAt: evidenceDueAt?.toISOString() ?? null,
    openedAt: openedAt.toISOString(),
    closedAt: closedAt?.toISOString() ?? null,
  };
}

export const adminDisputeRoutes = (services: Services) =>
  newRoutes()
    .openapi(list, async (c) => {
      const { limit, cursor, status: only } = c.req.valid('query');
      const [before] = decodeCursor(cursor, z.tuple([z.uuid()])) ?? [null];
      const found = await listDisputes(services.db, { status: only ?? null, limit: limit + 1, before });
      return c.json(
        toPage(found, limit, (row) => [row.id], present),
        200,
      );
    })
    .openapi(reverseRoute, async (c) => {
      const disputeId = c.req.valid('param').id;
      if (!isUuid(disputeId)) throw new Problem('dispute_not_found');
      const input = c.req.valid('json');
      const actor = { role: 'admin' as const, id: c.get('caller').id };
      const { body } = await once(c, services, {
        input,
        work: async () => {
          const reversal = await reverseDisputedEarnings(services.db, disputeId, { actor, reason: input.reason });
          if (reversal.outcome !== 'reversed') throw new Problem(reversal.outcome);
          const { outcome: _outcome, ...sums } = reversal;
          return { status: 200, body: { disputeId, ...sums } };
        },
      });
      return c.json(body, 200);
    });
