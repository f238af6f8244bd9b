import type Stripe from 'stripe';
import type { ListedCharge, ListedPayment } from './listing-types.js';
import { toStripeError } from './stripe-errors.js';
import { toPayment } from './stripe-payment.js';

const PAGE = 100;

async function call<T>(request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    throw toStripeError(error);
  }
}

const seconds = (at: Date): number => Math.floor(at.getTime() / 1_000);

/** Of an intent's charges the latest is the one that succeeded, if any did. */
function toListed(intent: Stripe.PaymentIntent): ListedPayment {
  const payment = toPayment(intent);
  const charge = intent.latest_charge;
  if (payment.status !== 'succeeded' || payment.chargeRef === null) return { payment, charges: [] };
  const refundedMinor = typeof charge === 'object' && charge !== null ? charge.amount_refunded : 0;
  const listed: ListedCharge = { chargeRef: payment.chargeRef, money: payment.money, refundedMinor };
  return { payment, charges: [listed] };
}

/** Intents by their own time, then older ones by the time of their charges. https://docs.stripe.com/api/payment_intents/list */
export async function* listStripePayments(sdk: Stripe, since: Date): AsyncGenerator<ListedPayment[]> {
  const created = { gte: seconds(since) };
  for (let after: string | undefined; ;) {
    const page = await call(() =>
      sdk.paymentIntents.list({
        created,
        limit: PAGE,
        expand: ['data.latest_charge'],
        ...(after === undefined ? {} : { starting_after: after }),
      }),
    );
    yield page.data.map(toListed);
    after = page.data.at(-1)?.id;
    if (!page.has_more || after === undefined) break;
  }
  yield* listOlderIntents(sdk, created.gte);
}

async function* listOlderIntents(sdk: Stripe, sinceS: number): AsyncGenerator<ListedPayment[]> {
  for (let after: string | undefined; ;) {
    const page = await call(() =>
      sdk.charges.list({
        created: { gte: sinceS },
        limit: PAGE,
        expand: ['data.payment_intent'],
        ...(after === undefined ? {} : { starting_after: after }),
      }),
    );
    yield page.data.flatMap((charge) => {
      const intent = charge.payment_intent;
      if (typeof intent !== 'object' || intent === null || intent.created >= sinceS) return [];
      const listed = toListed(intent);
      const charges = listed.charges.filter(({ chargeRef }) => chargeRef === charge.id);
      return [{ ...listed, charges: charges.map((one) => ({ ...one, refundedMinor: charge.amount_refunded })) }];
    });
    after = page.data.at(-1)?.id;
    if (!page.has_more || after === undefined) return;
  }
}
