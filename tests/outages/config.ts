function positive(name: string, fallback: number): number {
  const text = process.env[name];
  const value = text === undefined || text === '' ? fallback : Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`${name} must be a positive integer, got ${text}`);
  return value;
}

/**
 * How long PostgreSQL stays away, ms: `OUTAGE_POSTGRES_S` seconds. Unless given, its silence just outlasts every
 * time-out of ours, and a refusal, which is answered at once, is short.
 */
export function postgresAwayMs(): { silentMs: number; goneMs: number } {
  const silentMs = positive('OUTAGE_POSTGRES_S', 14) * 1000;
  return { silentMs, goneMs: process.env['OUTAGE_POSTGRES_S'] === undefined ? 5_000 : silentMs };
}

/** How long a policy minute lasts while Temporal is away for five of them: `OUTAGE_MINUTE_MS`, 60000 in earnest. */
export const outageMinuteMs = (): number => positive('OUTAGE_MINUTE_MS', 1_000);

/** Lives of each test: `OUTAGE_LIVES`. */
export const outageLives = (fallback: number): number => positive('OUTAGE_LIVES', fallback);
