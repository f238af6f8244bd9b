import { CANCELED, setProviderRef } from '../db/payment-requests.js';
import type { Payment } from '../db/payments.js';
import type { PaymentNews } from '../db/provider-events.js';
import type { Checkout, PaymentGateway, ProviderPayment } from '../providers/types.js';
import type { Services } from './services.js';

/** What the browser needs to go on paying, under the method's name. Never stored. */
export type CheckoutBody =
  | { stripe: { clientSecret: string; publishableKey: string } }
  | { razorpay: { orderId: string; keyId: string } }
  | Record<never, never>;

function toBody(checkout: Checkout): CheckoutBody {
  if (checkout.method === 'stripe')
    return { stripe: { clientSecret: checkout.clientSecret, publishableKey: checkout.publishableKey } };
  return { razorpay: { orderId: checkout.orderId, keyId: checkout.keyId } };
}

/** True while somebody may still pay by this try. */
function isOpen({ method, status, failureCode }: Payment): boolean {
  return method !== 'wallet' && ['pending', 'processing', 'failed'].includes(status) && failureCode !== CANCELED;
}

/** The checkout of a try: resumed where the provider's object exists, else opened (the payment's id makes a repeat harmless). */
export async function checkoutOf(
  services: Pick<Services, 'db' | 'providers' | 'config'>,
  payment: Payment,
  clientId: string,
): Promise<CheckoutBody> {
  if (!isOpen(payment) || payment.method === 'wallet') return {};
  const gateway = services.providers[payment.method];
  if (payment.providerRef !== null) return toBody(await gateway.resumeCheckout(payment.providerRef));
  return toBody(await open(services, gateway, payment, clientId));
}

async function open(
  { db, config: { site } }: Pick<Services, 'db' | 'config'>,
  gateway: PaymentGateway,
  payment: Payment,
  clientId: string,
): Promise<Checkout> {
  const { id, appointmentId, amountMinor, currency } = payment;
  const { providerRef, checkout } = await gateway.openCheckout({
    paymentId: id,
    appointmentId,
    clientId,
    money: { amountMinor, currency },
    description: site.brand, // payers read it on statements and receipts, and so do others
  });
  await setProviderRef(db, id, providerRef);
  return checkout;
}

/** A provider's payment as the database records it. */
export function toNews({
  status,
  providerRef,
  paymentId,
  money,
  chargeRef,
  failureCode,
}: ProviderPayment): PaymentNews {
  return {
    status,
    providerRef,
    paymentId,
    amountMinor: money.amountMinor,
    currency: money.currency,
    chargeRef,
    failureCode,
  };
}
