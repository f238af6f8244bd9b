import { ProviderError } from './types.js';

/** A connection that broke or fell silent, perhaps after the message was taken (RFC 1047). */
const MID_SESSION = new Set(['ESOCKET', 'ECONNECTION', 'ETIMEDOUT', 'unexpected']);

/** Nobody was there to take it: the server was not reached, or had not greeted. */
function neverConnected(error: unknown): boolean {
  const { syscall, timeoutType } = (error ?? {}) as { syscall?: unknown; timeoutType?: unknown };
  return syscall === 'connect' || timeoutType === 'CONNECT_TIMEOUT' || timeoutType === 'GREETING_TIMEOUT';
}

/**
 * An SMTP failure in our words: a 5xx reply is final, a 4xx reply and a connection that failed are not (RFC 5321,
 * section 4.2.1). The server's sentence is left out, since it quotes addresses. `begun`: the server may have had some of
 * the message.
 */
export function toMailError(error: unknown, begun: boolean): ProviderError {
  if (error instanceof ProviderError) return error;
  const { code, responseCode } = (error ?? {}) as { code?: unknown; responseCode?: unknown };
  const name = typeof code === 'string' ? code : 'unexpected';
  if (typeof responseCode === 'number') {
    const message = `The mail server answered ${responseCode} (${name})`;
    return new ProviderError('smtp', String(responseCode), message, responseCode < 500);
  }
  // Without a reply only a message that can't be addressed at all is final.
  const retryable = name !== 'EENVELOPE';
  const unanswered = begun && MID_SESSION.has(name) && !neverConnected(error);
  return new ProviderError('smtp', name, `The mail was not handed over (${name})`, retryable, null, unanswered);
}
