/** What becomes of the next refunds of a vendor, instead of arriving at once. */
export interface RefundPlan {
  /** `pending` waits for a decision by the control API, `refused` makes none. */
  outcome: 'pending' | 'refused';
  /** The vendor's reason where it refuses: Stripe's error code, Razorpay's description. */
  reason?: string;
  /** How many refunds; without it, one. */
  times?: number;
}

/** Kept in memory alone: a plan is part of a test, not of the vendor's state. */
export class RefundPlans {
  #plans: { plan: RefundPlan; left: number }[] = [];

  add(plan: RefundPlan): void {
    this.#plans.push({ plan, left: plan.times ?? 1 });
  }

  /** The plan of the refund that is made now, used up by one; null: it arrives at once. */
  take(): RefundPlan | null {
    const [first] = this.#plans;
    if (first === undefined) return null;
    first.left -= 1;
    if (first.left <= 0) this.#plans.shift();
    return first.plan;
  }

  clear(): void {
    this.#plans = [];
  }
}
