import { razorpayCredentials, stripeCredentials } from '../sandbox/credentials.js';

const TIMEOUT_MS = 10_000;

/** As much of a vendor's object as says what was given back; Razorpay has it on each payment of an order. */
interface Returned {
  items?: { captured: boolean; amount_refunded: number }[];
  data?: { amount: number; status: string }[];
}

async function read(url: string, authorization: string): Promise<Returned> {
  const response = await fetch(url, { headers: { authorization }, signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return (await response.json()) as Returned;
}

/**
 * Asks the vendor's own API at the sandbox, as a person would look into its dashboard, what of a payment went back to
 * the payer. @param ref PaymentIntent or order id @returns minor units
 */
export async function returnedMinor(
  sandbox: string,
  { provider, ref }: { provider: 'stripe' | 'razorpay'; ref: string },
): Promise<number> {
  const id = encodeURIComponent(ref);
  if (provider === 'stripe') {
    const bearer = `Bearer ${stripeCredentials.secretKey}`;
    const { data = [] } = await read(`${sandbox}/v1/refunds?payment_intent=${id}&limit=100`, bearer);
    return data.filter(({ status }) => status === 'succeeded').reduce((sum, { amount }) => sum + amount, 0);
  }
  const { keyId, keySecret } = razorpayCredentials;
  const basic = `Basic ${Buffer.from(`${keyId}:${keySecret}`).toString('base64')}`;
  const { items = [] } = await read(`${sandbox}/razorpay/v1/orders/${id}/payments`, basic);
  return items.filter(({ captured }) => captured).reduce((sum, { amount_refunded: back }) => sum + back, 0);
}
