import { createRoute, z } from '@hono/zod-openapi';
import { listEarnings, statementOf, sumEarnings } from '../../db/earnings.js';
import { latestPayouts } from '../../db/payout-lists.js';
import { CSV_CONTENT, csvHeaders } from '../csv.js';
import {
  earningsSchema,
  presentEarning,
  presentPayout,
  statementCsv,
  statementSchema,
  sumLines,
} from '../earnings-view.js';
import { decodeCursor, pageQuery, toPage } from '../page.js';
import { readProblems } from '../problem-responses.js';
import { may, json, newRoutes } from '../routing.js';
import type { Services } from '../services.js';

const MOST_PAYOUTS = 100;

const earnings = createRoute({
  method: 'get',
  path: '/v1/earnings',
  operationId: 'getEarnings',
  tags: ['Money'],
  summary: 'What your sessions brought, the newest first, with the totals of all and your payouts',
  ...may('see_earnings'),
  request: { query: pageQuery() },
  responses: { 200: json(earningsSchema, 'A page of earnings.'), ...readProblems() },
});

/** A calendar month of this or the next century. */
const month = z.string().regex(/^2[01]\d\d-(0[1-9]|1[0-2])$/, 'must be a month such as 2026-11');

const statement = createRoute({
  method: 'get',
  path: '/v1/earnings/statements/{month}',
  operationId: 'getEarningsStatement',
  tags: ['Money'],
  summary: 'What a month brought, by the calendar of your time zone',
  ...may('see_earnings'),
  request: {
    params: z.object({ month: month.openapi({ param: { name: 'month', in: 'path' }, example: '2026-11' }) }),
    query: z.object({ format: z.enum(['json', 'csv']).default('json') }),
  },
  responses: {
    200: {
      description: 'Lines by the time they were settled, the oldest first, and their sums by currency.',
      content: { 'application/json': { schema: statementSchema }, ...CSV_CONTENT },
    },
    ...readProblems(),
  },
});

export const earningsRoutes = ({ db }: Services) =>
  newRoutes()
    .openapi(earnings, async (c) => {
      const { limit, cursor } = c.req.valid('query');
      const [before] = decodeCursor(cursor, z.tuple([z.uuid()])) ?? [null];
      const therapistId = c.get('caller').id;
      const [found, totals, payouts] = await Promise.all([
        listEarnings(db, therapistId, { limit: limit + 1, before }),
        sumEarnings(db, therapistId),
        latestPayouts(db, therapistId, MOST_PAYOUTS),
      ]);
      const page = toPage(found, limit, (row) => [row.id], presentEarning);
      return c.json({ ...page, totals, payouts: payouts.map(presentPayout) }, 200);
    })
    .openapi(statement, async (c) => {
      const { id, timeZone } = c.get('caller');
      const wanted = c.req.valid('param').month;
      const { from, to, lines } = await statementOf(db, id, wanted, timeZone);
      if (c.req.valid('query').format === 'csv') {
        return c.body(statementCsv(lines, timeZone), 200, csvHeaders(`earnings-${wanted}.csv`));
      }
      const span = { month: wanted, timeZone, from: from.toISOString(), to: to.toISOString() };
      return c.json({ ...span, lines: lines.map(presentEarning), totals: sumLines(lines) }, 200);
    });
