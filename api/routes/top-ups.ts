import { createRoute, z } from '@hono/zod-openapi';
import { readTopUp, startTopUp, topUpLimits } from '../../db/top-ups.js';
import type { Payment } from '../../db/payments.js';
import { minimumCharge } from '../../domain/money-limits.js';
import { PAYMENT_STATUSES } from '../../domain/types.js';
import { type CheckoutBody, checkoutOf } from '../checkout.js';
import { invalid, Problem } from '../errors.js';
import { once } from '../idempotency.js';
import { requiredKey } from '../inputs.js';
import { BY_PROVIDER, keyedProblems } from '../problem-responses.js';
import { may, json, jsonBody, newRoutes } from '../routing.js';
import { amountMinor, currency, id, instant } from '../schemas.js';
import type { Services } from '../services.js';

const METHODS = ['stripe', 'razorpay'] as const;

export const topUpSchema = z
  .object({
    id,
    purpose: z.literal('top_up'),
    method: z.enum(METHODS),
    status: z.enum(PAYMENT_STATUSES),
    amountMinor,
    currency,
    failureCode: z.string().nullable(),
    createdAt: instant,
    stripe: z.object({ clientSecret: z.string(), publishableKey: z.string() }).optional(),
    razorpay: z.object({ orderId: z.string(), keyId: z.string() }).optional(),
  })
  .openapi('TopUp', { description: 'Completed by the provider’s word alone; the money is then in the wallet.' });

type TopUpBody = z.infer<typeof topUpSchema>;
const topUpInput = z.object({ method: z.enum(METHODS), amountMinor: z.int().positive() });
type TopUpInput = z.output<typeof topUpInput>;

const topUpRoute = createRoute({
  method: 'post',
  path: '/v1/wallets/{currency}/top-ups',
  operationId: 'topUpWallet',
  tags: ['Money'],
  summary: 'Start a checkout that fills a wallet',
  ...may('use_wallet'),
  request: { params: z.object({ currency: z.string() }), headers: requiredKey, body: jsonBody(topUpInput) },
  responses: {
    201: json(topUpSchema, 'What the checkout needs.'),
    ...keyedProblems('not_found', 'currency_mismatch', 'top_up_limit', ...BY_PROVIDER),
  },
});

function presentTopUp(payment: Payment): TopUpBody {
  const { method, status, amountMinor: amount, currency: of, failureCode, createdAt } = payment;
  return {
    id: payment.id,
    purpose: 'top_up',
    method: method === 'razorpay' ? 'razorpay' : 'stripe',
    status,
    amountMinor: amount,
    currency: of,
    failureCode,
    createdAt: createdAt.toISOString(),
  };
}

async function start(services: Services, clientId: string, wallet: string, input: TopUpInput, paymentId: string) {
  const started = await startTopUp(services.db, { ...input, paymentId, clientId, currency: wallet });
  if ('refused' in started) throw await refusal(services, wallet, input, started.refused);
  const { payment } = started;
  return {
    status: 201 as const,
    body: presentTopUp(payment),
    secrets: await checkoutOf(services, payment, clientId),
  };
}

async function refusal(
  { db }: Services,
  wallet: string,
  { method }: TopUpInput,
  refused: Extract<Awaited<ReturnType<typeof startTopUp>>, { refused: unknown }>['refused'],
): Promise<Problem> {
  switch (refused.code) {
    case 'not_chargeable':
      return invalid('body.amountMinor', `must end in 0: the last of ${wallet}’s three decimals is not charged`);
    case 'currency_mismatch':
      return new Problem('currency_mismatch');
    case 'top_up_limit': {
      const limit = (await topUpLimits(db, wallet)).find((one) => one.method === method);
      const facts = { why: refused.why, minMinor: minimumCharge(method, wallet), maxMinor: limit?.maxMinor ?? null };
      return new Problem('top_up_limit', { facts });
    }
  }
}

/** A repeat gets the checkout of the top-up that the first request started. */
async function restore(services: Services, clientId: string, paymentId: string): Promise<CheckoutBody> {
  const payment = await readTopUp(services.db, clientId, paymentId);
  return payment === undefined ? {} : checkoutOf(services, payment, clientId);
}

export const topUpRoutes = (services: Services) =>
  newRoutes().openapi(topUpRoute, async (c) => {
    const wallet = c.req.valid('param').currency;
    if (!/^[A-Z]{3}$/.test(wallet)) throw new Problem('not_found');
    const clientId = c.get('caller').id;
    const input = c.req.valid('json');
    const { body } = await once(c, services, {
      input,
      work: ({ resourceId }) => start(services, clientId, wallet, input, resourceId),
      restore: (stored: TopUpBody) => restore(services, clientId, stored.id),
    });
    return c.json(body, 201);
  });
