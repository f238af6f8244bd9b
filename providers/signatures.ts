import { createHmac, timingSafeEqual } from 'node:crypto';

/** HMAC-SHA256 of `text`, in lower-case hexadecimal. */
export function hmacSha256Hex(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text, 'utf8').digest('hex');
}

/** Compares in constant time; only the length, which is no secret, ends it early. */
export function isSameText(left: string, right: string): boolean {
  const a = Buffer.from(left, 'utf8');
  const b = Buffer.from(right, 'utf8');
  return a.length === b.length && timingSafeEqual(a, b);
}
