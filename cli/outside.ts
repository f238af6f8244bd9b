import { returnedMinor } from './vendor-refunds.js';

/** The sandbox's side of a payment object. */
export interface OutsidePayment {
  ref: string;
  provider: 'stripe' | 'razorpay';
  amountMinor: number;
  /** The vendor's own word. */
  status: string;
}

export interface OutsideMail {
  at: string;
  to: string[];
  subject: string;
  text: string;
  /** Lower-case names. */
  headers?: Record<string, string>;
}

export interface OutsideSms {
  at: string;
  to: string;
  body: string;
}

/** Stripe's and Razorpay's words for "the money has been taken". */
const PAID = ['succeeded', 'paid'];
/** Lives played side by side share one look at the mailbox. */
const SAME_LOOK_MS = 300;

interface Look {
  at: number;
  found: Promise<unknown>;
}

/** Plays the world outside through the sandbox's control API: payers, people who enter rooms, and their mailboxes. */
export class Outside {
  readonly #looks = new Map<string, Look>();

  constructor(private readonly sandbox: string) {}

  /** Finishes a checkout as its payer would. */
  async pay(ref: string): Promise<void> {
    await this.#call('POST', `/payments/${encodeURIComponent(ref)}/pay`);
  }

  /** The payer's bank says no. */
  async decline(ref: string): Promise<void> {
    await this.#call('POST', `/payments/${encodeURIComponent(ref)}/decline`);
  }

  /** What the vendors took for this appointment, minor units. */
  async takenMinor(appointmentId: string): Promise<number> {
    return (await this.#paid(appointmentId)).reduce((sum, { amountMinor }) => sum + amountMinor, 0);
  }

  /** What the vendors' own objects say went back to the payer, minor units. */
  async returnedMinor(appointmentId: string): Promise<number> {
    const paid = await this.#paid(appointmentId);
    const amounts = await Promise.all(paid.map((payment) => returnedMinor(this.sandbox, payment)));
    return amounts.reduce((sum, amount) => sum + amount, 0);
  }

  async #paid(appointmentId: string): Promise<OutsidePayment[]> {
    const path = `/payments?metadata.appointmentId=${encodeURIComponent(appointmentId)}`;
    const payments = await this.#call<OutsidePayment[]>('GET', path);
    return payments.filter(({ status }) => PAID.includes(status));
  }

  /** Somebody enters a room with the token they were given. */
  async enterRoom(room: string, token: string): Promise<void> {
    await this.#call('POST', `/rooms/${encodeURIComponent(room)}/participants`, { token });
  }

  mails(): Promise<OutsideMail[]> {
    return this.#look<OutsideMail[]>('/mail');
  }

  sms(): Promise<OutsideSms[]> {
    return this.#look<OutsideSms[]>('/sms');
  }

  #look<T>(path: string): Promise<T> {
    const last = this.#looks.get(path);
    if (last !== undefined && performance.now() - last.at < SAME_LOOK_MS) return last.found as Promise<T>;
    const found = this.#call<T>('GET', path);
    this.#looks.set(path, { at: performance.now(), found });
    return found;
  }

  async #call<T>(method: string, path: string, body?: object): Promise<T> {
    const init =
      body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const response = await fetch(`${this.sandbox}/_sandbox${path}`, {
      method,
      ...init,
      signal: AbortSignal.timeout(10_000),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`the sandbox refused ${method} ${path}: ${text}`);
    return JSON.parse(text) as T;
  }
}
