import type Stripe from 'stripe';
import type { StripeConfig } from './config.js';
import { CALL_TIMEOUT_MS } from './limits.js';
import type { PayoutOrder, PayoutRail } from './payout-rail.js';
import { createStripeSdk } from './stripe-client.js';
import { toStripeError } from './stripe-errors.js';
import { ProviderError } from './types.js';

/** An idempotency key that met another request: therapists change accounts. Nobody knows how the first one ended. */
const UNSETTLED: ReadonlySet<string> = new Set(['idempotency_error']);

/**
 * Transfers from our balance at Stripe to a therapist's connected account.
 * https://docs.stripe.com/connect/separate-charges-and-transfers
 */
export class StripeTransfers implements PayoutRail {
  readonly name = 'stripe_connect';
  private readonly sdk: Stripe;

  constructor(config: StripeConfig, timeoutMs = CALL_TIMEOUT_MS) {
    this.sdk = createStripeSdk(config, timeoutMs);
  }

  /**
   * Looks for the payout's transfer before it makes one: keys are pruned after 24 hours, the transfer's group is not. A
   * failure that Stripe has stored under the key is tried again, with a look first, until the key is pruned: money that
   * goes out twice is worse than money that goes out late.
   */
  async send(payout: PayoutOrder): Promise<{ providerRef: string }> {
    const { payoutId, batchId, amountMinor, currency, destination } = payout;
    if (destination === null) {
      throw new ProviderError(
        'stripe',
        'no_destination',
        `Payout ${payoutId} has no account at Stripe to go to`,
        false,
      );
    }
    const transfer_group = `payout-${payoutId}`;
    const sent = await this.find(transfer_group, payoutId);
    if (sent !== undefined) return { providerRef: sent.id };
    const { id } = await this.call(() =>
      this.sdk.transfers.create(
        {
          amount: amountMinor,
          currency: currency.toLowerCase(),
          destination,
          transfer_group,
          metadata: { payoutId, batchId },
        },
        { idempotencyKey: `payout-${payoutId}` },
      ),
    );
    return { providerRef: id };
  }

  private async find(transfer_group: string, payoutId: string): Promise<Stripe.Transfer | undefined> {
    const { data } = await this.call(() => this.sdk.transfers.list({ transfer_group, limit: 100 }));
    return data.find(({ metadata }) => metadata['payoutId'] === payoutId);
  }

  private async call<T>(request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (error) {
      const known = toStripeError(error);
      if (!UNSETTLED.has(known.code)) throw known;
      throw new ProviderError('stripe', known.code, known.message, true, known.httpStatus);
    }
  }
}
