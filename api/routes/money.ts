import { createRoute, z } from '@hono/zod-openapi';
import type { Db } from '../../db/database.js';
import { creditKind, readCredits, readWallets, walletTransactions } from '../../db/wallets.js';
import { Problem } from '../errors.js';
import { decodeCursor, pageQuery, toPage } from '../page.js';
import { readProblems } from '../problem-responses.js';
import { may, json, newRoutes } from '../routing.js';
import { amountMinor, currency, id, instant, pageOf } from '../schemas.js';
import type { Services } from '../services.js';

const creditKinds = z.enum(['top_up', 'payment', 'refund', 'promotion']);
const expiresAt = instant.nullable().openapi({ description: 'Null: it does not expire.' });
const creditSchema = z
  .object({
    id,
    kind: creditKinds,
    paymentId: id.nullable().openapi({ description: 'The payment that brought it, to whose source it can go back.' }),
    amountMinor,
    remainingMinor: amountMinor.openapi({ description: 'Neither spent nor held.' }),
    expiresAt,
    createdAt: instant,
  })
  .openapi('WalletCredit');

const walletSchema = z
  .object({
    currency,
    balanceMinor: amountMinor,
    heldMinor: amountMinor,
    availableMinor: amountMinor,
    credits: z.array(creditSchema).openapi({ description: 'What is available, in the order in which it is spent.' }),
  })
  .openapi('Wallet');

const transactionSchema = z
  .object({
    id,
    kind: z.string(),
    amountMinor: amountMinor.openapi({ description: 'Signed.' }),
    currency,
    appointmentId: id.nullable(),
    paymentId: id.nullable(),
    credit: z
      .object({ kind: creditKinds, paymentId: id.nullable(), expiresAt })
      .nullable()
      .openapi({ description: 'Where money came in: what it is. Null where it left.' }),
    at: instant,
  })
  .openapi('WalletTransaction');

const wallets = createRoute({
  method: 'get',
  path: '/v1/wallets',
  operationId: 'listWallets',
  tags: ['Money'],
  summary: 'Your wallets, one a currency',
  ...may('use_wallet'),
  responses: { 200: json(pageOf(walletSchema), 'All of them.'), ...readProblems() },
});

const transactions = createRoute({
  method: 'get',
  path: '/v1/wallets/{currency}/transactions',
  operationId: 'listWalletTransactions',
  tags: ['Money'],
  summary: 'What moved in a wallet, the newest first',
  ...may('use_wallet'),
  request: { params: z.object({ currency: z.string() }), query: pageQuery() },
  responses: { 200: json(pageOf(transactionSchema), 'A page of transactions.'), ...readProblems('not_found') },
});

/** Balances and credits of one moment: a payment in between would make them differ. */
async function walletsOf(db: Db, clientId: string): Promise<z.infer<typeof walletSchema>[]> {
  const [found, credits] = await db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (trx) => [await readWallets(trx, clientId), await readCredits(trx, clientId)] as const);
  return found.map((wallet) => ({
    ...wallet,
    availableMinor: wallet.balanceMinor - wallet.heldMinor,
    credits: credits
      .filter((credit) => credit.currency === wallet.currency)
      .map(({ currency: _currency, expiresAt: expiry, createdAt, ...credit }) => ({
        ...credit,
        expiresAt: expiry?.toISOString() ?? null,
        createdAt: createdAt.toISOString(),
      })),
  }));
}

function presentTransaction(row: Awaited<ReturnType<typeof walletTransactions>>[number]) {
  const kind = creditKind(row.kind, row.amountMinor);
  const credit = kind === null ? null : { kind, paymentId: row.paymentId, expiresAt: null };
  return { ...row, id: String(row.id), credit, at: row.at.toISOString() };
}

export const moneyRoutes = ({ db }: Services) =>
  newRoutes()
    .openapi(wallets, async (c) => {
      return c.json({ items: await walletsOf(db, c.get('caller').id), nextCursor: null }, 200);
    })
    .openapi(transactions, async (c) => {
      const wallet = c.req.valid('param').currency;
      if (!/^[A-Z]{3}$/.test(wallet)) throw new Problem('not_found');
      const { limit, cursor } = c.req.valid('query');
      const [before] = decodeCursor(cursor, z.tuple([z.int()])) ?? [null];
      const found = await walletTransactions(db, c.get('caller').id, wallet, { limit: limit + 1, before });
      return c.json(
        toPage(found, limit, (row) => [row.id], presentTransaction),
        200,
      );
    });
