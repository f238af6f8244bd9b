import { recordForeignRefund } from '../../db/foreign-refunds.js';
import type { Payment } from '../../db/payments.js';
import { recordProviderAnswer, type ProviderEvent } from '../../db/provider-events.js';
import { findOwnRefund, markRefundEventHandled, storeRefundEvent } from '../../db/refund-events.js';
import { settleRefund } from '../../db/refunds.js';
import type { ProviderRefund, RefundNotice, RefundSource } from '../../providers/refund-types.js';
import { ProviderError, type PaymentGateway } from '../../providers/types.js';
import { refundSettled, refundWorkflowId } from '../../workflows/refund-messages.js';
import { toNews } from '../checkout.js';
import type { Services } from '../services.js';

/** How long the signal to a refund's workflow may take; one that got none asks by itself. */
const SIGNAL_MS = 2_000;

/**
 * Stores an event about refunds, asks for all refunds of its payment and settles them: the event itself only says that
 * something has changed, so any order will do. While the provider can't be asked the answer is 503, and it is sent
 * again.
 */
export async function receiveRefund(
  services: Services,
  gateway: PaymentGateway,
  event: ProviderEvent,
  notice: RefundNotice,
): Promise<void> {
  const { db } = services;
  const payment = await storeRefundEvent(db, event, notice);
  const providerRef = payment?.providerRef ?? notice.providerRef;
  if (payment === null || providerRef === null) return;
  const source: RefundSource = { providerRef, chargeRef: notice.chargeRef ?? payment.chargeRef };
  try {
    await catchUp(services, gateway, payment, providerRef);
    for (const refund of await gateway.listRefunds(source)) await settle(services, gateway, payment, refund);
  } catch (error) {
    if (!(error instanceof ProviderError) || error.retryable) throw error;
    services.log.warn({ eventId: event.eventId, error: error.message }, 'the provider does not show these refunds');
    return; // stays unhandled; sending it again would change nothing
  }
  await markRefundEventHandled(db, event);
}

/** The refund's notice may come before the payment's own: what it says is asked for. (razorpay-woocommerce 664) */
async function catchUp(
  { db, messenger }: Services,
  gateway: PaymentGateway,
  payment: Payment,
  providerRef: string,
): Promise<void> {
  if (payment.capturedMinor > 0) return;
  const answer = toNews(await gateway.fetchPayment(providerRef));
  const toSignal = await recordProviderAnswer(db, { ...answer, paymentId: payment.id }, gateway.provider);
  if (toSignal !== null) messenger.tell(toSignal.appointmentId, 'payment_settled', toSignal.messageId);
}

async function settle(
  services: Services,
  gateway: PaymentGateway,
  payment: Payment,
  refund: ProviderRefund,
): Promise<void> {
  const { db, log } = services;
  const { refundRef, status, money, failureCode } = refund;
  const own = await findOwnRefund(db, payment.id, refund);
  if (own === null) {
    if (status === 'failed') return;
    await recordForeignRefund(db, {
      provider: gateway.provider,
      providerRef: refundRef,
      paymentId: payment.id,
      ...money,
    });
    log.warn({ provider: gateway.provider, refundRef, paymentId: payment.id }, 'a refund that was made by hand');
    return;
  }
  const isRefused = status === 'failed';
  const news = { status: isRefused ? ('refused' as const) : status, providerRef: refundRef, failureCode };
  if ((await settleRefund(db, own.id, news)) !== own.status) tell(services, own.id);
}

/** Wakes the workflow, which sees how the row stands. */
function tell({ temporal, background }: Services, refundId: string): void {
  background.run('signal refund_settled', () =>
    temporal.withDeadline(Date.now() + SIGNAL_MS, () =>
      temporal.workflow.getHandle(refundWorkflowId(refundId)).signal(refundSettled.name),
    ),
  );
}
