/** The body of Stripe's `error`. */
export interface StripeErrorBody {
  type: 'invalid_request_error' | 'card_error' | 'api_error' | 'idempotency_error';
  message: string;
  code?: string;
  param?: string;
  doc_url?: string;
  [field: string]: unknown;
}

/** Thrown by the Stripe routes; the app answers with `status` and `{ error: body }`. */
export class StripeFailure extends Error {
  override readonly name = 'StripeFailure';
  constructor(
    readonly status: 400 | 401 | 402 | 404 | 409 | 429 | 500,
    readonly body: StripeErrorBody,
    /** Refused before anything was executed: Stripe doesn't remember such an answer under the idempotency key. */
    readonly beforeExecution = false,
  ) {
    super(body.message);
  }
}

const docUrl = (code: string) => `https://stripe.com/docs/error-codes/${code.replaceAll('_', '-')}`;

/** 400 with a code, refused for its parameters. */
export function invalidRequest(code: string, message: string, param?: string): StripeFailure {
  const body: StripeErrorBody = { code, doc_url: docUrl(code), message, param, type: 'invalid_request_error' };
  return new StripeFailure(400, body, true);
}

export function noSuch(kind: string, id: string, param: string): StripeFailure {
  const message = `No such ${kind}: '${id}'`;
  const code = 'resource_missing';
  const body: StripeErrorBody = { code, doc_url: docUrl(code), message, param, type: 'invalid_request_error' };
  return new StripeFailure(404, body, true);
}

/** 400 while executing: remembered under the idempotency key. */
export function refused(code: string, message: string, fields: Record<string, unknown> = {}): StripeFailure {
  return new StripeFailure(400, { code, doc_url: docUrl(code), message, type: 'invalid_request_error', ...fields });
}

/** The answer to a request that a fault was asked for. */
export function injectedFailure(status: 429 | 500): StripeFailure {
  if (status === 500) {
    const message = 'An unknown error occurred. (This one was asked for with /_sandbox/faults.)';
    return new StripeFailure(500, { message, type: 'api_error' });
  }
  const message = 'Request rate limit exceeded. (This one was asked for with /_sandbox/faults.)';
  return new StripeFailure(429, { code: 'rate_limit', message, type: 'invalid_request_error' }, true);
}
