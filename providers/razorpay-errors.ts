import type Razorpay from 'razorpay';
import { ProviderError } from './types.js';

/** The little that we need of the axios instance inside the SDK, which its typings don't show. */
export interface RazorpayTransport {
  defaults: { baseURL?: string; timeout?: number; proxy?: unknown };
  post(url: string, body: object, options: { headers: Record<string, string> }): Promise<{ data: unknown }>;
  interceptors: {
    response: { use(onAnswer: (answer: unknown) => unknown, onError: (error: unknown) => Promise<never>): number };
  };
}

/** The SDK's axios instance. @throws Error when a new SDK hides it elsewhere: better at start than at a payment. */
export function transportOf(sdk: Razorpay): RazorpayTransport {
  const transport = (sdk.api as unknown as { rq?: Partial<RazorpayTransport> }).rq;
  if (!transport?.defaults || !transport.interceptors?.response) {
    throw new Error('razorpay: this version of the SDK has no api.rq to configure');
  }
  return transport as RazorpayTransport;
}

/**
 * Normalises where the failure happens. The SDK rethrows `{ statusCode, error: response.data.error }`, and itself
 * throws a TypeError when there was no response or a body without JSON, so each rejection is given that shape, with
 * our own error inside.
 */
export function normaliseErrors(transport: RazorpayTransport): void {
  transport.interceptors.response.use(
    (answer) => answer,
    (error) => {
      const normal = fromAxios(error);
      return Promise.reject({ response: { status: normal.httpStatus ?? 0, data: { error: normal } } });
    },
  );
}

/** What an SDK call rejected with, as ProviderError. */
export function toRazorpayError(error: unknown): ProviderError {
  if (error instanceof ProviderError) return error;
  const rejected = error as { error?: unknown; response?: { data?: { error?: unknown } } } | null;
  const inner = rejected?.error ?? rejected?.response?.data?.error; // the SDK's shape, or its axios instance's
  if (inner instanceof ProviderError) return inner;
  const name = error instanceof Error ? error.name : typeof error;
  return new ProviderError('razorpay', 'unexpected', `Razorpay call failed: ${name}`, true);
}

interface AxiosFailure {
  response?: { status: number; data?: { error?: { code?: string; description?: string; reason?: string } } };
}

/** Retryable: no answer, 409, 429 and 5xx, by HTTP status. https://razorpay.com/docs/errors/ */
export function fromAxios(error: unknown): ProviderError {
  const response = (error as AxiosFailure | null)?.response;
  if (!response) return new ProviderError('razorpay', 'connection_failed', 'Razorpay could not be reached', true);
  const { status } = response;
  const detail = response.data?.error;
  const reason = detail?.reason && detail.reason !== 'NA' ? detail.reason : detail?.code;
  const code = reason ?? `http_${status}`;
  const message = `Razorpay answered ${status} ${code}${detail?.description ? `: ${detail.description}` : ''}`;
  return new ProviderError('razorpay', code, message, status === 409 || status === 429 || status >= 500, status);
}
