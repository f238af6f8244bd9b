/** Parsed JSON as jsonb takes it: without the characters that PostgreSQL can't store. */
export function storable(payload: unknown): Record<string, unknown> {
  const clean: unknown = JSON.parse(
    // oxlint-disable-next-line no-control-regex
    JSON.stringify(payload ?? null, (_, value: unknown) => (typeof value === 'string' ? value.replace(/[\u0000\ud800-\udfff]/gu, '\ufffd') : value)),
  );
  return typeof clean === 'object' && clean !== null && !Array.isArray(clean) ? (clean as Record<string, unknown>) : { body: clean };
}

/** A form body as its sender signed it; of a repeated field the last counts. */
export function parseForm(rawBody: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(rawBody));
}
