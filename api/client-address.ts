import { isIPv6 } from 'node:net';
import type { Context } from 'hono';
import type { ApiEnv } from './services.js';

/** The first 64 bits of an IPv6 address: whoever has one address of such a network has all of them. */
function networkOf(address: string): string {
  const [head = '', tail] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const gap = tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0');
  return [...left, ...gap, ...right]
    .slice(0, 4)
    .map((part) => (Number.parseInt(part, 16) || 0).toString(16))
    .join(':');
}

/** An address as requests are counted by it: IPv4 whole, also within IPv6, and IPv6 by its network. */
export function countedAddress(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
  return isIPv6(plain) ? networkOf(plain) : plain;
}

/**
 * Where a request comes from, behind so many proxies of ours: each appends to `X-Forwarded-For` whom it heard from, so
 * what stands further left is the caller's own claim.
 */
export function clientAddress(c: Context<ApiEnv>, trustedProxies: number): string {
  const { incoming } = (c.env as ApiEnv['Bindings'] | undefined) ?? {};
  const heardFrom = incoming?.socket.remoteAddress ?? 'unknown';
  if (trustedProxies === 0) return countedAddress(heardFrom);
  const forwarded = (c.req.header('x-forwarded-for') ?? '').split(',').map((part) => part.trim());
  return countedAddress(forwarded.at(-trustedProxies) || heardFrom);
}
