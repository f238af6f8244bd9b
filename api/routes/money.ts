import { createRoute, z } from '@hono/zod-openapi';
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
    });
