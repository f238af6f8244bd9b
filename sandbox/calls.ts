export type VendorName = 'stripe' | 'razorpay' | 'twilio';

/** One request a vendor's API received. `status` is null while it is unanswered, 0 when the socket was cut. */
export interface VendorCall {
  seq: number;
  /** ISO 8601, UTC. */
  at: string;
  provider: VendorName;
  method: string;
  /** Path with its query, as sent. */
  path: string;
  /** The decoded form or JSON; null without one. */
  body: unknown;
  idempotencyKey: string | null;
  status: number | null;
}

const KEPT = 20_000;

/** What the vendors' APIs were asked, oldest first. Kept in memory only: it is a log of this run. */
export class CallLog {
  #calls: VendorCall[] = [];
  #seq = 0;

  record(call: Omit<VendorCall, 'seq' | 'at' | 'status'>): VendorCall {
    const entry: VendorCall = { seq: (this.#seq += 1), at: new Date().toISOString(), status: null, ...call };
    this.#calls.push(entry);
    if (this.#calls.length > KEPT * 2) this.#calls = this.#calls.slice(-KEPT);
    return entry;
  }

  /** Calls with a greater `seq` than the given one. */
  since(seq: number): VendorCall[] {
    return this.#calls.filter((call) => call.seq > seq);
  }

  clear(): void {
    this.#calls = [];
  }
}
