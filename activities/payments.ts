import { recordEvidence } from '../db/commit.js';
import { openProviderPayments, recordProviderAnswer } from '../db/provider-events.js';
import type { Payment } from '../db/payments.js';
import type { ProviderPayment } from '../providers/types.js';
import type { ActivityDependencies } from './dependencies.js';
import type { ProviderActivities } from './types.js';

/** Before an unpaid appointment expires the provider is asked; its open object is made unpayable where that is possible. */
export function createPaymentActivities({
  db,
  gateways,
}: ActivityDependencies): Pick<ProviderActivities, 'askProviderForMoney'> {
  async function ask(method: 'stripe' | 'razorpay', payment: Payment): Promise<void> {
    if (payment.providerRef === null) return; // the provider's object was never made, or its answer was lost: its webhook tells
    const gateway = gateways[method];
    const seen = await gateway.fetchPayment(payment.providerRef);
    const answer: ProviderPayment =
      seen.status === 'authorized'
        ? await gateway.capturePayment(payment.providerRef)
        : seen.status === 'succeeded' || seen.status === 'canceled'
          ? seen
          : await gateway.cancelPayment(payment.providerRef);
    const { status, providerRef, money, chargeRef, failureCode } = answer;
    await recordProviderAnswer(
      db,
      { status, providerRef, paymentId: payment.id, ...money, chargeRef, failureCode },
      method,
    );
  }

  return {
    async askProviderForMoney(appointmentId) {
      for (const payment of await openProviderPayments(db, appointmentId)) {
        if (payment.method !== 'wallet') await ask(payment.method, payment);
      }
      await recordEvidence(db, appointmentId, 'payment');
    },
  };
}
