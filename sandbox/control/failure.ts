import { RazorpayFailure } from '../razorpay/errors.js';
import { StripeFailure } from '../stripe/errors.js';
import { TwilioFailure } from '../twilio/errors.js';

/** What a control call that can't be done is told: 400 malformed, 404 unknown, 409 not in this state. */
export class ControlFailure extends Error {
  override readonly name = 'ControlFailure';
  constructor(
    readonly status: 400 | 404 | 409,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** The control API's view of an error; null for one it doesn't expect. */
export function toControlFailure(error: unknown): ControlFailure | null {
  if (error instanceof ControlFailure) return error;
  if (error instanceof StripeFailure) {
    const code = error.body.code ?? error.body.type;
    const status =
      error.status === 404 ? 404 : code === 'payment_intent_unexpected_state' || /dispute/.test(code) ? 409 : 400;
    return new ControlFailure(status, code, error.message);
  }
  if (error instanceof RazorpayFailure) {
    const unknown = error.description.includes('does not exist');
    return new ControlFailure(unknown ? 404 : 409, unknown ? 'not_found' : error.code, error.description);
  }
  if (error instanceof TwilioFailure) {
    return new ControlFailure(error.status === 404 ? 404 : 409, String(error.code), error.message);
  }
  return null;
}
