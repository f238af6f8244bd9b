import { createRoute, z } from '@hono/zod-openapi';
import { listPayoutBatches, readPayoutBatch } from '../../db/payout-lists.js';
import { createPayoutBatch } from '../../db/payouts.js';
import { PAYOUT_RAILS } from '../../domain/earnings.js';
import { CSV_CONTENT, csvHeaders } from '../csv.js';
import { Problem } from '../errors.js';
import { once } from '../idempotency.js';
import { isUuid } from '../ids.js';
import { requiredKey } from '../inputs.js';
import { decodeCursor, pageQuery, toPage } from '../page.js';
import { startPayouts } from '../payout-calls.js';
import { batchCsv, batchDetailSchema, batchSchema, presentBatch, presentBatchDetail } from '../payouts-view.js';
import { keyedProblems, readProblems } from '../problem-responses.js';
import { may, json, jsonBody, newRoutes } from '../routing.js';
import { pageOf } from '../schemas.js';
import type { Services } from '../services.js';

const currencyCode = z
  .enum(Intl.supportedValuesOf('currency') as [string, ...string[]])
  .openapi({ type: 'string', enum: undefined, description: 'ISO 4217', example: 'EUR' });

const create = createRoute({
  method: 'post',
  path: '/v1/admin/payouts',
  operationId: 'createPayouts',
  tags: ['Administration'],
  summary: 'Pay out what therapists may have by now, in one currency by one rail',
  description: 'Therapists with an account at Stripe are paid by `stripe_connect`, all others by `csv`.',
  ...may('move_money'),
  request: { headers: requiredKey, body: jsonBody(z.object({ currency: currencyCode, rail: z.enum(PAYOUT_RAILS) })) },
  responses: { 201: json(batchDetailSchema, 'Posted; being sent from now on.'), ...keyedProblems('nothing_payable') },
});

const list = createRoute({
  method: 'get',
  path: '/v1/admin/payouts',
  operationId: 'listPayouts',
  tags: ['Administration'],
  summary: 'Batches of payouts, the newest first',
  ...may('see_money'),
  request: { query: pageQuery() },
  responses: { 200: json(pageOf(batchSchema), 'A page of batches.'), ...readProblems() },
});

const CSV = '.csv';

const show = createRoute({
  method: 'get',
  path: '/v1/admin/payouts/{batchId}',
  operationId: 'getPayouts',
  tags: ['Administration'],
  summary: 'A batch with its payouts; with .csv behind its id, the file for the bank',
  ...may('see_money'),
  request: { params: z.object({ batchId: z.string().openapi({ param: { name: 'batchId', in: 'path' } }) }) },
  responses: {
    200: { description: 'The batch.', content: { 'application/json': { schema: batchDetailSchema }, ...CSV_CONTENT } },
    ...readProblems('not_found'),
  },
});

async function readBatch({ db }: Services, batchId: string) {
  const batch = isUuid(batchId) ? await readPayoutBatch(db, batchId) : null;
  if (batch === null) throw new Problem('not_found');
  return batch;
}

export const adminPayoutRoutes = (services: Services) =>
  newRoutes()
    .openapi(create, async (c) => {
      const input = c.req.valid('json');
      const { body } = await once(c, services, {
        input,
        work: async ({ resourceId: id }) => {
          const isMade = await createPayoutBatch(services.db, { id, ...input, createdBy: c.get('caller').id });
          if (!isMade) throw new Problem('nothing_payable');
          startPayouts(services, id);
          return { status: 201, body: presentBatchDetail(await readBatch(services, id)) };
        },
      });
      return c.json(body, 201);
    })
    .openapi(list, async (c) => {
      const { limit, cursor } = c.req.valid('query');
      const [createdAtMs, id] = decodeCursor(cursor, z.tuple([z.int().min(0).max(8.64e15), z.uuid()])) ?? [];
      const before = createdAtMs === undefined || id === undefined ? null : { createdAtMs, id };
      const found = await listPayoutBatches(services.db, { limit: limit + 1, before });
      return c.json(
        toPage(found, limit, (row) => [row.createdAt.getTime(), row.id], presentBatch),
        200,
      );
    })
    .openapi(show, async (c) => {
      const { batchId } = c.req.valid('param');
      if (!batchId.endsWith(CSV)) return c.json(presentBatchDetail(await readBatch(services, batchId)), 200);
      const id = batchId.slice(0, -CSV.length);
      return c.body(batchCsv(await readBatch(services, id)), 200, csvHeaders(`payouts-${id}.csv`));
    });
