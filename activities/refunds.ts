import { ApplicationFailure } from '@temporalio/common';
import { readRefundToSend, settleRefund, type RefundNews, type RefundToSend } from '../db/refunds.js';
import { adoptableRefunds } from '../db/foreign-refunds.js';
import type { ProviderRefund } from '../providers/refund-types.js';
import { ProviderError, type PaymentGateway } from '../providers/types.js';
import type { ActivityDependencies } from './dependencies.js';
import type { RefundRecordActivities, RefundSendingActivities } from './types.js';

/** A provider's refund as news of ours. */
export function toRefundNews({ status, refundRef, failureCode }: ProviderRefund): RefundNews {
  const isFailed = status === 'failed';
  return { status: isFailed ? 'refused' : status, providerRef: refundRef, failureCode: isFailed ? failureCode : null };
}

/** Statuses by which a provider refuses this refund; 401 and 403 refuse us, and are tried again until that is mended. */
const REFUSING: readonly (number | null)[] = [null, 400, 402, 404];

function isRefusal(error: unknown): error is ProviderError {
  return error instanceof ProviderError && !error.retryable && REFUSING.includes(error.httpStatus);
}

/** The sending of refunds to their source, and the note of how it ended. */
export function createRefundActivities({ db, gateways }: Pick<ActivityDependencies, 'db' | 'gateways'>): {
  records: RefundRecordActivities;
  providers: RefundSendingActivities;
} {
  /**
   * Refused: unless somebody has made this very refund by hand meanwhile, which is then ours. Else the client would get
   * the money at its source and on the wallet.
   */
  async function adoptOrRefuse(gateway: PaymentGateway, refund: RefundToSend, code: string): Promise<RefundNews> {
    const { paymentRef, chargeRef, amountMinor, currency } = refund;
    const made = await gateway.listRefunds({ providerRef: paymentRef!, chargeRef });
    const likely = made.filter(
      ({ refundId, status, money }) =>
        refundId === null && status !== 'failed' && money.amountMinor === amountMinor && money.currency === currency,
    );
    const [own] = await adoptableRefunds(
      db,
      likely.map(({ refundRef }) => refundRef),
    );
    const adopted = likely.find(({ refundRef }) => refundRef === own);
    return adopted === undefined
      ? { status: 'refused', providerRef: null, failureCode: code.slice(0, 255) }
      : toRefundNews(adopted);
  }

  async function send(refund: RefundToSend): Promise<RefundNews> {
    const gateway = gateways[refund.method];
    const { id: refundId, paymentRef, chargeRef, amountMinor, refundRef } = refund;
    if (refundRef !== null) return toRefundNews(await gateway.fetchRefund(refundRef));
    if (paymentRef === null) return { status: 'refused', providerRef: null, failureCode: 'no_provider_payment' };
    try {
      return toRefundNews(await gateway.refundPayment({ refundId, providerRef: paymentRef, chargeRef, amountMinor }));
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return adoptOrRefuse(gateway, refund, error.code);
    }
  }

  const providers: RefundSendingActivities = {
    async sendRefund(refundId) {
      const refund = await readRefundToSend(db, refundId);
      if (refund === null) throw ApplicationFailure.nonRetryable('There is no such refund', 'unknown_refund');
      return refund.status === 'completed' || refund.status === 'refused' ? null : send(refund);
    },
  };

  const records: RefundRecordActivities = {
    async settleRefund({ refundId, answer }) {
      const status = await settleRefund(db, refundId, answer);
      if (status === null) throw ApplicationFailure.nonRetryable('There is no such refund', 'unknown_refund');
      return { status, failureCode: status === 'refused' ? (answer?.failureCode ?? null) : null };
    },
  };
  return { records, providers };
}
