import { ProviderError } from './types.js';

/** Codes that the adapters act upon. https://www.twilio.com/docs/api/errors */
export const TWILIO = {
  notFound: '20404',
  tooManyRequests: '20429',
  conversationExists: '50353',
  conversationBusy: '50391',
  roomCompleted: '53112',
  roomExists: '53113',
  participantExists: ['50433', '50416'],
} as const;

const RETRYABLE_CODES: ReadonlySet<string> = new Set([TWILIO.tooManyRequests, TWILIO.conversationBusy]);

/**
 * Twilio's error in our words. Retryable: 20429, 50391, 5xx and no readable answer at all; for an SMS the last means
 * "unknown", so look for it before sending again. The vendor's sentence is left out: it quotes phone numbers.
 */
export function toTwilioError(error: unknown): ProviderError {
  if (error instanceof ProviderError) return error;
  const { status, code } = (error ?? {}) as { status?: unknown; code?: unknown };
  if (typeof status === 'number') {
    const known = typeof code === 'number' && code > 0 ? String(code) : `http_${status}`;
    const retryable = status === 429 || status >= 500 || RETRYABLE_CODES.has(known);
    return new ProviderError('twilio', known, `Twilio answered ${status}, code ${known}`, retryable, status);
  }
  if (error instanceof SyntaxError) {
    return new ProviderError('twilio', 'response_unreadable', 'Twilio answered something that is no JSON', true);
  }
  const name = error instanceof Error ? error.name : typeof error;
  return new ProviderError('twilio', 'unexpected', `Twilio call failed: ${name}`, true);
}

/** Whether `error` is Twilio's answer with one of these codes. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof ProviderError && error.provider === 'twilio' && codes.includes(error.code);
}
