import { createRoute, z } from '@hono/zod-openapi';
import { listEarnings, sumEarnings } from '../../db/earnings.js';
import { decodeCursor, pageQuery, toPage } from '../page.js';
import { forRoles, json, newRoutes, problems } from '../routing.js';
import { amountMinor, currency, id, instant, pageOf } from '../schemas.js';
import type { Services } from '../services.js';

const sums = { currency, grossMinor: amountMinor, feeMinor: amountMinor, netMinor: amountMinor };
const earningSchema = z
  .object({ appointmentId: id, status: z.string(), startsAt: instant, settledAt: instant, ...sums })
  .openapi('Earning');
const earningsSchema = pageOf(earningSchema)
  .extend({ totals: z.array(z.object({ sessions: z.int(), ...sums })), payouts: z.array(z.object({})) })
  .openapi('Earnings');

const earnings = createRoute({
  method: 'get',
  path: '/v1/earnings',
  tags: ['Money'],
  summary: 'What your sessions brought, the newest first, with the totals of all',
  ...forRoles('therapist'),
  request: { query: pageQuery() },
  responses: { 200: json(earningsSchema, 'A page of earnings.'), ...problems },
});

const withNet = <T extends { grossMinor: number; feeMinor: number }>(sum: T) => ({
  ...sum,
  netMinor: sum.grossMinor - sum.feeMinor,
});

export const earningsRoutes = ({ db }: Services) =>
  newRoutes().openapi(earnings, async (c) => {
    const { limit, cursor } = c.req.valid('query');
    const [before] = decodeCursor(cursor, z.tuple([z.uuid()])) ?? [null];
    const therapistId = c.get('caller').id;
    const [found, totals] = await Promise.all([
      listEarnings(db, therapistId, { limit: limit + 1, before }),
      sumEarnings(db, therapistId),
    ]);
    const page = toPage(
      found,
      limit,
      (row) => [row.id],
      ({ id: _id, at, startsAt, ...row }) => {
        return withNet({ ...row, startsAt: startsAt.toISOString(), settledAt: at.toISOString() });
      },
    );
    return c.json({ ...page, totals: totals.map(withNet), payouts: [] }, 200);
  });
