import { createRoute, z } from '@hono/zod-openapi';
import { databaseNow } from '../../db/clock.js';
import { checkLedger, type RuleResult } from '../../db/ledger-check.js';
import { DIFFERENCE_KINDS } from '../../domain/reconciliation.js';
import { compareProvider } from '../provider-comparison.js';
import { readProblems } from '../problem-responses.js';
import { may, json, newRoutes } from '../routing.js';
import { amountMinor, currency, id, instant } from '../schemas.js';
import type { Services } from '../services.js';

const DAY_MS = 24 * 3_600_000;

const ruleSchema = z
  .object({
    rule: z.string().openapi({ example: 'balances_equal_entries' }),
    ok: z.boolean(),
    detail: z.array(z.record(z.string(), z.unknown())).openapi({ description: 'What breaks it: ids and sums.' }),
  })
  .openapi('LedgerRule');

const differenceSchema = z
  .object({
    kind: z.enum(DIFFERENCE_KINDS),
    providerRef: z.string().nullable().openapi({ description: 'PaymentIntent or order.' }),
    paymentId: id.nullable(),
    thereMinor: amountMinor,
    hereMinor: amountMinor,
    currency,
  })
  .openapi('ProviderDifference');

const comparisonSchema = z
  .object({
    provider: z.enum(['stripe', 'razorpay']),
    unreachable: z
      .string()
      .nullable()
      .openapi({ description: 'The error’s code: the provider could not be asked to the end.' }),
    compared: z.int(),
    differences: z.array(differenceSchema),
  })
  .openapi('ProviderComparison');

export const ledgerCheckSchema = z
  .object({
    ok: z
      .boolean()
      .openapi({ description: 'Every rule holds and nothing differs; a provider that is away is no rule.' }),
    checkedAt: instant,
    rules: z.array(ruleSchema),
    since: instant.openapi({ description: 'Providers’ objects from here on were compared.' }),
    providers: z.array(comparisonSchema),
  })
  .openapi('LedgerCheck');

const check = createRoute({
  method: 'get',
  path: '/v1/admin/ledger/check',
  operationId: 'checkLedger',
  tags: ['Administration'],
  summary: 'Prove the invariants of the money, and compare the providers’ objects with ours',
  ...may('see_money'),
  request: {
    query: z.object({
      days: z.coerce
        .number()
        .int()
        .min(0)
        .max(30)
        .default(3)
        .openapi({ description: 'How far back providers are compared; 0: not at all.' }),
    }),
  },
  responses: { 200: json(ledgerCheckSchema, 'What was proved and what was found.'), ...readProblems() },
});

/** Columns as the API names them. */
function camelCase(detail: Record<string, unknown>): Record<string, unknown> {
  const renamed = Object.entries(detail).map(([name, value]) => [
    name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
    value,
  ]);
  return Object.fromEntries(renamed) as Record<string, unknown>;
}

const presentRule = ({ rule, ok, detail }: RuleResult) => ({ rule, ok, detail: detail.map(camelCase) });

export const adminLedgerRoutes = ({ db, providers }: Pick<Services, 'db' | 'providers'>) =>
  newRoutes().openapi(check, async (c) => {
    const { days } = c.req.valid('query');
    const now = await databaseNow(db);
    const since = new Date(now - days * DAY_MS);
    const gateways = days === 0 ? [] : [providers.stripe, providers.razorpay];
    const [rules, compared] = await Promise.all([
      checkLedger(db),
      Promise.all(gateways.map((gateway) => compareProvider(db, gateway, since))),
    ]);
    const ok = rules.every((rule) => rule.ok) && compared.every(({ differences }) => differences.length === 0);
    const checkedAt = new Date(now).toISOString();
    return c.json(
      { ok, checkedAt, rules: rules.map(presentRule), since: since.toISOString(), providers: compared },
      200,
    );
  });
