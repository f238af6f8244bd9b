/** Thrown by the Razorpay routes; the app answers with `status` and `{ error }`. */
export class RazorpayFailure extends Error {
  override readonly name = 'RazorpayFailure';
  constructor(
    readonly status: 400 | 401 | 409 | 429 | 500,
    readonly code: 'BAD_REQUEST_ERROR' | 'SERVER_ERROR' | 'GATEWAY_ERROR',
    readonly description: string,
    readonly field: string | null = null,
  ) {
    super(description);
  }
}

/** 400 `BAD_REQUEST_ERROR`: Razorpay's answer to almost everything a caller can get wrong, unknown ids included. */
export function badRequest(description: string, field: string | null = null): RazorpayFailure {
  return new RazorpayFailure(400, 'BAD_REQUEST_ERROR', description, field);
}

export function noSuchId(): RazorpayFailure {
  return badRequest('The id provided does not exist');
}

/** The answer to a request that a fault was asked for. */
export function injectedFailure(status: 429 | 500): RazorpayFailure {
  if (status === 429) {
    return new RazorpayFailure(429, 'BAD_REQUEST_ERROR', 'Request failed. Please try after sometime.');
  }
  const description = 'We are facing some trouble completing your request at the moment. Please try again shortly.';
  return new RazorpayFailure(500, 'SERVER_ERROR', description);
}

export function failureResponse(failure: RazorpayFailure): Response {
  const { code, description, field } = failure;
  const error = {
    code,
    description,
    ...(failure.status === 401
      ? {}
      : { source: 'business', step: 'payment_initiation', reason: 'input_validation_failed' }),
    ...(failure.status === 401 ? {} : { metadata: {} }),
    ...(field ? { field } : {}),
  };
  return Response.json({ error }, { status: failure.status });
}
