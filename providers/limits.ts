/** How long one call to a vendor may take. The SDKs' own defaults are 80 s, 30 s and none. */
export const CALL_TIMEOUT_MS = 10_000;

/** Repeats inside one call, beyond the first try. Longer patience is the workflow's business, where it shows. */
export const CALL_RETRIES = 1;
