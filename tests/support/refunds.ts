import { startProviderPayment, setProviderRef } from '../../db/payment-requests.js';
import { recordProviderAnswer } from '../../db/provider-events.js';
import type { Payment } from '../../db/payments.js';
import { toNews } from '../../api/checkout.js';
import type { World } from './world.js';

/** Card and UPI payments as the API takes them, without HTTP. */

export type Method = 'stripe' | 'razorpay';

export interface OpenPayment {
  payment: Payment;
  providerRef: string;
}

/** Starts a try and its object at the provider. */
export async function openCheckout(
  { db, providers }: Pick<World, 'db' | 'providers'>,
  appointmentId: string,
  method: Method,
): Promise<OpenPayment> {
  const payment = await startProviderPayment(db, appointmentId, method);
  const { id: paymentId, clientId, amountMinor, currency } = payment;
  const { providerRef } = await providers[method].openCheckout({
    paymentId,
    appointmentId,
    clientId,
    money: { amountMinor, currency },
    description: 'a test',
  });
  await setProviderRef(db, paymentId, providerRef);
  return { payment, providerRef };
}

/** The payer pays, and the provider's word is stored: the relay signals it. */
export async function payAtProvider(
  { db, providers, sandbox }: Pick<World, 'db' | 'providers' | 'sandbox'>,
  { payment, providerRef }: OpenPayment,
): Promise<void> {
  if (payment.method === 'wallet') throw new Error('a wallet pays at no provider');
  sandbox.control.payments.act(providerRef, 'pay');
  await recordProviderAnswer(db, toNews(await providers[payment.method].fetchPayment(providerRef)), payment.method);
}
