const LONGEST_LOCALE = 35;

/** A BCP 47 tag in its canonical spelling (`en-gb` becomes `en-GB`); null for what is none. */
export function canonicalLocale(given: string): string | null {
  if (given.length > LONGEST_LOCALE) return null;
  try {
    return Intl.getCanonicalLocales(given)[0] ?? null;
  } catch {
    return null;
  }
}

/** Names and not offsets (`+05:30`), which keep no daylight-saving time. */
const ZONE_NAME = /^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)*$/;

/** True for a zone that this engine knows by name. */
export function isKnownTimeZone(given: string): boolean {
  if (!ZONE_NAME.test(given)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: given }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
