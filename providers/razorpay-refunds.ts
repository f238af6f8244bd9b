import type Razorpay from 'razorpay';
import { z } from 'zod';
import { toRazorpayError, transportOf } from './razorpay-errors.js';
import { notes, read, readOrder, readPayments, toPayment } from './razorpay-payment.js';
import { INSUFFICIENT_BALANCE, type ProviderRefund, type RefundOrder, type RefundSource } from './refund-types.js';
import { ProviderError } from './types.js';

const refundSchema = z.looseObject({
  id: z.string(),
  amount: z.coerce.number().int(),
  currency: z.string(),
  payment_id: z.string().nullish(),
  status: z.string().nullish(),
  notes,
});

/** A page of Razorpay's lists at most. */
const PAGE = 100;

/** Runs a call that is harmless to repeat. */
type Repeatable = <T>(request: () => Promise<T>) => Promise<T>;

/** Reduces a refund. https://razorpay.com/docs/api/refunds/entity/ */
export function toRefund(refund: z.output<typeof refundSchema>): ProviderRefund {
  const id = refund.notes?.['refundId'];
  return {
    refundRef: refund.id,
    status: refund.status === 'processed' ? 'succeeded' : refund.status === 'failed' ? 'failed' : 'pending',
    money: { amountMinor: refund.amount, currency: refund.currency.toUpperCase() },
    refundId: typeof id === 'string' && id !== '' ? id : null,
    failureCode: refund.status === 'failed' ? 'refund_failed' : null,
  };
}

export async function fetchRazorpayRefund(
  sdk: Razorpay,
  repeatable: Repeatable,
  refundRef: string,
): Promise<ProviderRefund> {
  return toRefund(read(refundSchema, await repeatable(() => sdk.refunds.fetch(refundRef))));
}

/** The payment whose money it is: the order's captured one, unless it is known. @throws ProviderError when there is none */
async function chargeOf(sdk: Razorpay, repeatable: Repeatable, { providerRef, chargeRef }: RefundSource) {
  if (chargeRef !== null) return chargeRef;
  const order = readOrder(await repeatable(() => sdk.orders.fetch(providerRef)));
  const payments = readPayments(await repeatable(() => sdk.orders.fetchPayments(providerRef)));
  // What was refunded in full by hand says `refunded`, and was captured all the same.
  const found = payments.find(({ captured }) => captured === true)?.id ?? toPayment(order, payments).chargeRef;
  if (found === null)
    throw new ProviderError('razorpay', 'nothing_captured', `Order ${providerRef} is not paid`, false);
  return found;
}

/** Every refund of a payment. */
export async function listRazorpayRefunds(
  sdk: Razorpay,
  repeatable: Repeatable,
  source: RefundSource,
): Promise<ProviderRefund[]> {
  const chargeRef = await chargeOf(sdk, repeatable, source);
  const all: ProviderRefund[] = [];
  for (let skip = 0; ; skip += PAGE) {
    const answer = await repeatable(() => sdk.payments.fetchMultipleRefund(chargeRef, { count: PAGE, skip }));
    const { items } = read(z.looseObject({ items: z.array(refundSchema) }), answer);
    all.push(...items.map(toRefund));
    if (items.length < PAGE) return all;
  }
}

/**
 * Refunds a part of a payment once: by `X-Refund-Idempotency`, and by our id in the notes, which lasts longer. A 409
 * says that the first request is under way; it is retryable.
 * https://razorpay.com/docs/api/refunds/create-normal/#idempotent-requests
 */
export async function refundRazorpayPayment(
  sdk: Razorpay,
  repeatable: Repeatable,
  order: RefundOrder,
): Promise<ProviderRefund> {
  const chargeRef = await chargeOf(sdk, repeatable, order);
  const refunds = await listRazorpayRefunds(sdk, repeatable, { ...order, chargeRef });
  const made = refunds.find(({ refundId }) => refundId === order.refundId);
  return made ?? create(sdk, repeatable, chargeRef, order);
}

/** Past the SDK's own method, which sends no header of ours. */
async function create(
  sdk: Razorpay,
  repeatable: Repeatable,
  chargeRef: string,
  { refundId, amountMinor }: RefundOrder,
): Promise<ProviderRefund> {
  const headers = { 'X-Refund-Idempotency': `refund-${refundId}` };
  const body = { amount: amountMinor, speed: 'normal', notes: { refundId } };
  const post = async () => {
    try {
      return await transportOf(sdk).post(`/v1/payments/${encodeURIComponent(chargeRef)}/refund`, body, { headers });
    } catch (error) {
      throw withBalance(toRazorpayError(error));
    }
  };
  return toRefund(read(refundSchema, (await repeatable(post)).data));
}

/** A balance that is too low is no refusal: somebody fills it up. */
function withBalance(error: ProviderError): ProviderError {
  if (error.httpStatus !== 400 || !/enough balance/i.test(error.message)) return error;
  return new ProviderError('razorpay', INSUFFICIENT_BALANCE, error.message, true, error.httpStatus);
}
