/** Twilio's error JSON; thrown by the routes and answered as it is. */
export class TwilioFailure extends Error {
  override readonly name = 'TwilioFailure';
  constructor(
    readonly status: 400 | 401 | 403 | 404 | 409 | 429 | 500,
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

export function failureResponse({ status, code, message }: TwilioFailure): Response {
  const more_info = `https://www.twilio.com/docs/errors/${code}`;
  return Response.json({ code, message, more_info, status }, { status });
}

/** 404 / 20404 with Twilio's wording. */
export function notFound(path: string): TwilioFailure {
  return new TwilioFailure(404, 20404, `The requested resource ${path} was not found`);
}

/** The answer to a request that a fault was asked for. */
export function injectedFailure(status: 429 | 500): TwilioFailure {
  return status === 429
    ? new TwilioFailure(429, 20429, 'Too Many Requests')
    : new TwilioFailure(500, 20500, 'Internal Server Error');
}
