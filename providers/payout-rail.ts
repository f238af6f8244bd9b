/** A therapist's payout on its way out. */
export interface PayoutOrder {
  /** Our payout's id (uuid): the idempotency key, and what the provider's object carries. */
  payoutId: string;
  batchId: string;
  /** Integer minor units, > 0. */
  amountMinor: number;
  /** ISO 4217, upper case. */
  currency: string;
  /** The therapist's account at the rail; null where it has none. */
  destination: string | null;
}

/** How money leaves for therapists; every rail is one of these. */
export interface PayoutRail {
  readonly name: 'csv' | 'stripe_connect';
  /**
   * Sends, or meets again what an earlier call sent. @returns the provider's object, null where the rail has none
   * @throws ProviderError: retryable, or final (the payout will never be made under this id)
   */
  send(payout: PayoutOrder): Promise<{ providerRef: string | null }>;
}

/** A file for the bank: sent as soon as it can be exported, an admin hands it in. */
export const csvRail: PayoutRail = {
  name: 'csv',
  send: () => Promise.resolve({ providerRef: null }),
};
