// oxlint-disable-next-line no-control-regex
const UNSAFE = /[\u0000-\u0020\u007f\\]/;
const LONGEST = 2_000;

/**
 * The path of this origin that `given` names, null for whatever else it may be: another host in any spelling (`//host`,
 * `/\host`, `https:host`), a control character that browsers drop, or the sign-in itself.
 */
export function pathOfOurs(given: string, publicUrl: string): string | null {
  if (!given.startsWith('/') || given.length > LONGEST || UNSAFE.test(given)) return null;
  const base = new URL(publicUrl);
  if (!URL.canParse(given, base.href)) return null;
  const { origin, pathname, search, hash } = new URL(given, base);
  // A resolved path may begin with two slashes again (`/.//host`), which a browser takes for a host.
  if (origin !== base.origin || pathname.startsWith('//') || pathname.startsWith('/auth/')) return null;
  return pathname + search + hash;
}
