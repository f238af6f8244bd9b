import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import type { CookieOptions } from 'hono/utils/cookie';

/** Of the web app's session, and of a sign-in under way. */
type CookieName = 'punctual' | 'punctual-sign-in';

const isSecure = (publicUrl: string): boolean => publicUrl.startsWith('https:');

/** `__Host-` lets no other host and no plain http set it. (RFC 6265bis, 4.1.3.2) */
const fullName = (publicUrl: string, name: CookieName): string => (isSecure(publicUrl) ? `__Host-${name}` : name);

const optionsOf = (publicUrl: string): CookieOptions => ({
  path: '/',
  httpOnly: true,
  sameSite: 'Lax',
  secure: isSecure(publicUrl),
});

/** The cookie's secret; undefined for none, and for what can't be one of ours. */
export function readCookie(c: Context, publicUrl: string, name: CookieName): string | undefined {
  const value = getCookie(c, fullName(publicUrl, name));
  return value !== undefined && value !== '' && value.length <= 100 ? value : undefined;
}

export function writeCookie(
  c: Context,
  publicUrl: string,
  name: CookieName,
  { value, maxAgeMs }: { value: string; maxAgeMs: number },
): void {
  setCookie(c, fullName(publicUrl, name), value, {
    ...optionsOf(publicUrl),
    maxAge: Math.floor(maxAgeMs / 1_000),
  });
}

export function dropCookie(c: Context, publicUrl: string, name: CookieName): void {
  deleteCookie(c, fullName(publicUrl, name), optionsOf(publicUrl));
}
