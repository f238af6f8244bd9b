import { randomBytes } from 'node:crypto';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

function base62(length: number): string {
  return Array.from(randomBytes(length), (byte) => ALPHABET[byte % ALPHABET.length]).join('');
}

/** `pi_3Q...`: Stripe's ids are the kind, an underscore and 24 letters or digits. */
export function stripeId(kind: string): string {
  return `${kind}_${base62(24)}`;
}

/** `order_RB58MiP5SPFYyM`: Razorpay's ids have 14 letters or digits. */
export function razorpayId(kind: string): string {
  return `${kind}_${base62(14)}`;
}

/** `RM` + 32 hex digits. */
export function twilioSid(prefix: string): string {
  return prefix + randomBytes(16).toString('hex');
}

/** Seconds since the epoch, as Stripe and Razorpay tell time. */
export function unixNow(): number {
  return Math.floor(Date.now() / 1000);
}

export { base62 as randomText };
