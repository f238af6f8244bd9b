import { isRefusalCode, refusal, type RefusalCode } from '../domain/refusals.js';
import { REFUSAL_STATUS } from './refusal-statuses.js';

const AWAY = 'Try again in a few seconds with the same Idempotency-Key.';

/** What only the API refuses: status, sentence, remedy. */
const API_ERRORS = {
  body_unreadable: [400, 'The body is not readable as JSON.', 'Send well-formed JSON in UTF-8.'],
  event_unreadable: [
    400,
    'The event is signed, but it is none that we can read.',
    'Send the event as the provider documents it.',
  ],
  signature_invalid: [400, 'The signature does not match.', 'Sign with the secret configured for this address.'],
  token_missing: [
    401,
    'This needs a bearer token, or a session of the web app.',
    'Sign in and send Authorization: Bearer <token>.',
  ],
  token_invalid: [401, 'The bearer token is not valid here.', 'Sign in again.'],
  token_expired: [401, 'The bearer token has expired.', 'Sign in again.'],
  session_over: [401, 'Your session is over.', 'Sign in again at /auth/login.'],
  sign_in_not_begun: [400, 'This sign-in is over, or was not begun in this browser.', 'Begin it anew at /auth/login.'],
  unknown_person: [403, 'You are signed in, but this service does not know you.', 'Ask an admin to register you.'],
  forbidden: [403, 'Your role may not use this.', 'Sign in as somebody whose role may.'],
  scope_missing: [
    403,
    'This token was not given the scope that this needs.',
    'Use a token that has it: scope names it.',
  ],
  cross_site_request: [
    403,
    'A session’s cookie changes something only from pages of this origin.',
    'Send the request from the web app, or with a bearer token.',
  ],
  sign_in_refused: [403, 'The sign-in service did not sign you in.', 'Begin anew at /auth/login.'],
  email_unverified: [
    403,
    'The sign-in service vouches for no e-mail address of yours.',
    'Verify your address there, then sign in again.',
  ],
  sign_in_unavailable: [
    404,
    'Signing in by browser is not set up here.',
    'Send a bearer token of the issuer; operators set OIDC_CLIENT_ID.',
  ],
  session_not_found: [404, 'You have no such session.', 'Choose one from the list of your sessions.'],
  service_token_not_found: [404, 'There is no such service token.', 'Choose one from the list of service tokens.'],
  not_found: [404, 'There is nothing at this address.', 'See /docs for the routes that exist.'],
  therapist_not_found: [404, 'There is no such therapist.', 'Choose one from the list of therapists.'],
  workflow_not_found: [
    404,
    'Temporal knows no workflow of this appointment.',
    'Read the appointment itself; an admin can repair a live one.',
  ],
  notification_not_found: [404, 'You have no such message.', 'Choose one of GET /v1/notifications.'],
  nothing_to_resend: [
    409,
    'The appointment has no such mail or SMS, it is still on its way, or it would say nothing any more.',
    'See GET /v1/admin/appointments/{id}/notifications for what there is.',
  ],
  calendar_not_found: [
    404,
    'No calendar has this link.',
    'Get a new link in your settings: the one before ends with it.',
  ],
  code_wrong: [409, 'This is not the code that was sent to you.', 'Look again, and send the digits of the newest SMS.'],
  code_over: [409, 'No code waits: it has ended, was used, or was tried too often.', 'Have another one sent.'],
  phone_opted_out: [409, 'This number asked for no SMS from us.', 'Send START from it, then try again.'],
  person_not_found: [404, 'There is no such person, or they were erased.', 'See the id on an appointment of theirs.'],
  erasure_open_appointments: [409, 'An appointment is still open.', 'Cancel it or wait until it is over.'],
  erasure_money_due: [
    409,
    'Money is still on its way, or on an account.',
    'Spend the wallet and wait for refunds, payouts and disputes.',
  ],
  dispute_not_found: [404, 'There is no such dispute.', 'Choose one from the list of disputes.'],
  dispute_not_lost: [409, 'Only a lost dispute costs anybody anything.', 'Wait for the bank’s decision.'],
  nothing_to_reverse: [
    409,
    'No earning is left that this dispute could be taken from.',
    'See the appointment’s ledger: a top-up has none, or it was reversed before.',
  ],
  request_in_progress: [
    409,
    'The first request with this Idempotency-Key is still being worked on.',
    'Try again in a second.',
  ],
  nothing_payable: [
    409,
    'There is nothing to pay out in this currency by this rail.',
    'See GET /v1/earnings of a therapist for what is payable and when.',
  ],
  conflict: [409, 'This collides with something that is there already.', 'Read the present state, then decide again.'],
  availability_changed: [
    412,
    'The availability was changed since you read it.',
    'Read it again, then change what is there now.',
  ],
  top_up_limit: [
    409,
    'This amount, currency or method is not open for top-ups.',
    'Choose an amount from minMinor to maxMinor, or the other method.',
  ],
  currency_mismatch: [409, 'There are no wallets in this currency.', 'Top up a wallet of a currency that is offered.'],
  request_timeout: [408, 'The request did not come to its end in time.', 'Send it again, all of it at once.'],
  headers_too_large: [431, 'Address and headers are too large.', 'Send at most 16 KiB of them.'],
  request_unreadable: [400, 'This is no HTTP request.', 'Send well-formed HTTP/1.1.'],
  body_too_large: [413, 'The body is too large.', 'Send at most 1 MiB.'],
  media_type_unsupported: [
    415,
    'The body has a media type that this route does not take.',
    'Send Content-Type: application/json.',
  ],
  invalid_request: [422, 'Something in the request is not valid.', 'Correct the fields listed in errors.'],
  idempotency_key_required: [
    422,
    'This route needs an Idempotency-Key.',
    'Send a fresh Idempotency-Key per intent, and the same one when you repeat it.',
  ],
  idempotency_key_reused: [
    422,
    'This Idempotency-Key was used for another request.',
    'Use a fresh key for a new request.',
  ],
  too_many_codes: [429, 'Too many codes were sent to you or this number.', 'Wait half a minute; after five, a day.'],
  rate_limited: [
    429,
    'Too much was asked of this appointment in a short time.',
    'Wait as long as Retry-After says, then go on more slowly.',
  ],
  too_many_requests: [
    429,
    'More was asked than one caller may ask in this time.',
    'Wait as long as Retry-After says; the RateLimit headers say what is left.',
  ],
  ticket_invalid: [
    401,
    'This ticket is used up, too old or none of ours.',
    'Get a new one from POST /v1/events/tickets and use it within 30 seconds.',
  ],
  too_many_endpoints: [
    409,
    'There are as many webhook endpoints as there may be.',
    'Delete one that is not needed any more.',
  ],
  endpoint_disabled: [
    409,
    'This webhook endpoint was given up after lasting failure.',
    'Correct the receiver, enable the endpoint, then send again.',
  ],
  too_many_streams: [
    429,
    'You have as many event streams open as one person may have.',
    'Close one, or share one stream between your pages.',
  ],
  internal: [500, 'Something went wrong on our side.', 'Try again; if it stays, tell us the X-Request-Id.'],
  provider_refused: [
    502,
    'The payment or room provider refused our request.',
    'Try another method, or tell us the X-Request-Id.',
  ],
  provider_unavailable: [503, 'The payment or room provider could not be reached.', AWAY],
  temporal_unavailable: [503, 'This could not be settled in time; it may still be carried out.', AWAY],
  workflow_missing: [
    503,
    'The workflow of this appointment is gone.',
    'Ask an admin to repair the appointment, then try again.',
  ],
  database_unavailable: [503, 'The database could not be reached.', AWAY],
  issuer_unavailable: [
    503,
    'The sign-in service could not be reached, so your token can’t be checked.',
    'Try again in a few seconds.',
  ],
  overloaded: [503, 'More is being asked than can be answered in time. This was not begun.', AWAY],
  not_ready: [503, 'Not everything that this service needs can be reached.', 'Wait until it is back.'],
} as const satisfies Record<string, readonly [status: number, sentence: string, remedy: string]>;

export type ApiErrorCode = keyof typeof API_ERRORS;
export type ProblemCode = RefusalCode | ApiErrorCode;
/** The statuses as types. */
export type StatusTables = typeof REFUSAL_STATUS & { [C in ApiErrorCode]: (typeof API_ERRORS)[C][0] };
export const PROBLEM_CODES = [...Object.keys(REFUSAL_STATUS), ...Object.keys(API_ERRORS)] as ProblemCode[];

/** An invalid field: where it is (`body.startsAt`, `query.limit`) and what is wrong. */
export interface FieldError {
  field: string;
  message: string;
}

/** Status, sentence and remedy of a code. The one table of errors. */
export function errorOf(code: ProblemCode): { status: number; message: string; remedy: string } {
  if (isRefusalCode(code)) return { status: REFUSAL_STATUS[code], ...refusal(code) };
  const [status, message, remedy] = API_ERRORS[code];
  return { status, message, remedy };
}

/** An answer that is an error, thrown from anywhere below a route. */
export class Problem extends Error {
  override readonly name = 'Problem';
  constructor(
    readonly code: ProblemCode,
    readonly extra: {
      /** More members of the answer, such as `blockingAppointmentId`. */
      facts?: Record<string, unknown>;
      errors?: FieldError[];
      cause?: unknown;
    } = {},
  ) {
    super(errorOf(code).message, { cause: extra.cause });
  }
}

/** One invalid field of an otherwise readable request. */
export function invalid(field: string, message: string): Problem {
  return new Problem('invalid_request', { errors: [{ field, message }] });
}
