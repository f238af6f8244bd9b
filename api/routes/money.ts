import { createRoute, z } from '@hono/zod-openapi';
import { listEarnings, sumEarnings } from '../../db/earnings.js';
import { readWallets, walletTransactions } from '../../db/wallets.js';
import { Problem } from '../errors.js';
import { decodeCursor, pageQuery, toPage } from '../page.js';
import { forRoles, json, newRoutes, problems } from '../routing.js';
import { amountMinor, currency, id, instant, pageOf } from '../schemas.js';
import type { Services } from '../services.js';

const walletSchema = z
  .object({ currency, balanceMinor: amountMinor, heldMinor: amountMinor, availableMinor: amountMinor })
  .openapi('Wallet');

const transactionSchema = z
  .object({
    id,
    kind: z.string(),
    amountMinor: amountMinor.openapi({ description: 'Signed.' }),
    currency,
    appointmentId: id.nullable(),
    at: instant,
  })
  .openapi('WalletTransaction');

const sums = { currency, grossMinor: amountMinor, feeMinor: amountMinor, netMinor: amountMinor };
const earningSchema = z
  .object({ appointmentId: id, status: z.string(), startsAt: instant, settledAt: instant, ...sums })
  .openapi('Earning');
const earningsSchema = pageOf(earningSchema)
  .extend({ totals: z.array(z.object({ sessions: z.int(), ...sums })), payouts: z.array(z.object({})) })
  .openapi('Earnings');

const wallets = createRoute({
  method: 'get',
  path: '/v1/wallets',
  tags: ['Money'],
  summary: 'Your wallets, one a currency',
  ...forRoles('client'),
  responses: { 200: json(pageOf(walletSchema), 'All of them.'), ...problems },
});

const transactions = createRoute({
  method: 'get',
  path: '/v1/wallets/{currency}/transactions',
  tags: ['Money'],
  summary: 'What moved in a wallet, the newest first',
  ...forRoles('client'),
  request: { params: z.object({ currency: z.string() }), query: pageQuery() },
  responses: { 200: json(pageOf(transactionSchema), 'A page of transactions.'), ...problems },
});

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

export const moneyRoutes = ({ db }: Services) =>
  newRoutes()
    .openapi(wallets, async (c) => {
      const found = await readWallets(db, c.get('caller').id);
      const items = found.map((wallet) => ({ ...wallet, availableMinor: wallet.balanceMinor - wallet.heldMinor }));
      return c.json({ items, nextCursor: null }, 200);
    })
    .openapi(transactions, async (c) => {
      const wallet = c.req.valid('param').currency;
      if (!/^[A-Z]{3}$/.test(wallet)) throw new Problem('not_found');
      const { limit, cursor } = c.req.valid('query');
      const [before] = decodeCursor(cursor, z.tuple([z.int()])) ?? [null];
      const found = await walletTransactions(db, c.get('caller').id, wallet, { limit: limit + 1, before });
      const present = (row: (typeof found)[number]) => ({ ...row, id: String(row.id), at: row.at.toISOString() });
      return c.json(
        toPage(found, limit, (row) => [row.id], present),
        200,
      );
    })
    .openapi(earnings, async (c) => {
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
