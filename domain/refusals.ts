/**
 * Every refusal of the business: a stable code, a sentence, and the remedy. The API adds an HTTP status
 * (api/errors.ts); nobody else invents sentences.
 */
export const REFUSALS = {
  slot_taken: ['This time is no longer free.', 'Choose another start from the therapist’s slots.'],
  own_overlap: [
    'You already have an appointment at this time.',
    'Choose another time, or cancel the other appointment first.',
  ],
  too_many_unpaid: [
    'You already have two bookings that wait for payment.',
    'Pay for one of them, or let it expire, then book again.',
  ],
  outside_hours: ['The therapist does not work at this time.', 'Choose a start from the therapist’s slots.'],
  too_late: ['It is too late for this.', 'Choose a later start, or ask an admin.'],
  unknown_therapist: ['There is no such therapist.', 'Choose one from the list of therapists.'],
  duration_not_offered: [
    'The therapist does not offer this duration or mode.',
    'Choose one of the therapist’s durations and modes.',
  ],
  insufficient_funds: [
    'The wallet does not hold enough available money.',
    'Top up the wallet, or pay by Stripe or Razorpay.',
  ],
  already_paid: ['This appointment is paid already.', 'Nothing is left to pay.'],
  payment_window_over: ['The time to pay for this appointment is over.', 'Book again.'],
  payment_required: ['This appointment is not paid.', 'The client pays first.'],
  awaiting_activation: [
    'This appointment awaits approval by an admin.',
    'Wait until it is approved; you will be told.',
  ],
  too_early: ['The session is not open yet.', 'Come back when it opens.'],
  not_started: ['The session has not begun.', 'Join it first.'],
  already_over: ['This appointment is over.', 'Book a new one.'],
  deciding: ['The end of this appointment is being decided.', 'Try again in a few seconds.'],
  therapist_busy: ['You still hold another session.', 'End or leave the other session first.'],
  not_completed: [
    'This is possible once the session is over.',
    'Wait until it is completed; before that, cancel it to return money.',
  ],
  amount_too_large: ['No more than what was charged can be refunded.', 'Ask for what refundableMinor says at most.'],
  refund_disputed: [
    'The payment is disputed at the bank.',
    'Wait until the dispute is closed; until then a refund would pay twice.',
  ],
  review_exists: ['This session has a review already.', 'A review is written once.'],
  signature_mismatch: ['The checkout’s signature does not match.', 'Start the checkout again; no money was booked.'],
  amount_mismatch: [
    'The money that arrived has another amount or currency.',
    'It is returned to its source; pay the price asked.',
  ],
  use_end: ['A session under way is not cancelled.', 'End it instead.'],
  quote_changed: ['The cancellation would now return another amount.', 'Ask for the quote again, then cancel.'],
  not_in_progress: ['Only a session under way can be extended.', 'Wait until someone has joined.'],
  reschedule_limit: [
    'This appointment was moved as often as is allowed.',
    'Cancel it and book another, or ask an admin.',
  ],
  no_payment: ['There is no payment to resume.', 'Start a payment first.'],
  booking_malformed: ['The booking could not be read.', 'Send therapist, start, duration and mode.'],
  message_malformed: ['The message could not be read.', 'Send what the appointment’s details in the Temporal UI show.'],
  unknown_appointment: ['There is no such appointment.', 'Check the id.'],
} as const satisfies Record<string, readonly [sentence: string, remedy: string]>;

export type RefusalCode = keyof typeof REFUSALS;

/** A refusal as people see it. */
export interface Refusal {
  code: RefusalCode;
  message: string;
  remedy: string;
}

export function isRefusalCode(code: string): code is RefusalCode {
  return Object.hasOwn(REFUSALS, code);
}

export function refusal(code: RefusalCode): Refusal {
  const [message, remedy] = REFUSALS[code];
  return { code, message, remedy };
}

/** Thrown where a transaction must be rolled back for a refusal; carries the code and what it names. */
export class Refused extends Error {
  override readonly name = 'Refused';
  constructor(
    readonly code: RefusalCode,
    /** Extra facts for the caller, such as `blockingAppointmentId`. */
    readonly facts: Record<string, unknown> = {},
  ) {
    super(REFUSALS[code][0]);
  }
}
