/** What one sweep found at a provider. Counts and the provider's ids alone: it stays in the history. */
export interface SweptProvider {
  provider: 'stripe' | 'razorpay';
  /** The error's code when the provider could not be asked to the end; the next sweep begins anew. */
  unreachable: string | null;
  /** Objects looked at. */
  looked: number;
  /** Payments whose money the provider had and we did not: now on its way to the wallet or the appointment. */
  credited: number;
  /** Tries that the provider has finished (failed, canceled) or moved on, unknown to us until now. */
  finished: number;
  /** Rows that learned the id of their object. */
  adopted: number;
  /** Objects that name a payment we never had; they are in the inbox and show in attention. */
  unknown: string[];
  /** Objects of open rows that the provider says it does not have. */
  missing: string[];
}

export interface ReconcileReport {
  providers: SweptProvider[];
}

export interface ReconcileActivities {
  /** Compares both providers' objects of the last three days with our rows, and records what webhooks failed to tell. */
  reconcilePayments(): Promise<ReconcileReport>;
}
