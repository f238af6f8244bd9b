import type { Wording } from './wording.js';

export const ENGLISH: Wording = {
  language: 'en',
  locale: 'en-GB',
  hello: (name) => `Hello ${name},`,
  news: (when) => `news about ${when}`,
  signIn: 'Sign in',
  reference: (id) => `Appointment ${id}`,
  choice: 'Your settings say which of these messages reach you, and how.',
  code: (digits) => `${digits} is your code. It is good for 10 minutes; tell it nobody.`,
  help: 'Sign in to choose what is sent to you. Reply STOP to get no more SMS, START to get them again.',
  texts: {
    booking_made: (when, payBy) => ['Booked', `Your appointment on ${when} is booked. Please pay by ${payBy}.`],
    payment_received: (when) => [
      'Payment received',
      `We have your payment for the appointment on ${when}. It now awaits approval.`,
    ],
    approval_pending: (when) => ['A booking awaits approval', `A booking on ${when} awaits approval.`],
    activation_alert: (when) => [
      'Paid and not activated',
      `The appointment on ${when} is paid and not activated. Please decide about it now.`,
    ],
    approved: (when) => [
      'Approved',
      `The appointment on ${when} is approved. Join opens five minutes before it starts.`,
    ],
    approved_open: (when) => ['You can join now', `The appointment on ${when} is approved and open. You can join now.`],
    approval_taken_back: (when) => [
      'Approval taken back',
      `The approval of the appointment on ${when} was taken back.`,
    ],
    session_reminder: (when) => ['It starts soon', `Your appointment starts on ${when}.`],
    payment_reminder: (when, payBy) => [
      'Not paid yet',
      `Your appointment on ${when} is not paid. Please pay by ${payBy}.`,
    ],
    join_open: (when) => ['You can join now', `The appointment on ${when} is open. You can join now.`],
    awaiting_approval: (when) => [
      'It awaits approval',
      `The appointment on ${when} still awaits approval. We tell you as soon as it is approved.`,
    ],
    expired_payment: (when) => ['Expired', `The booking on ${when} was not paid in time and has expired.`],
    expired_activation: (when) => [
      'It does not take place',
      `The appointment on ${when} was not approved in time and does not take place. What was paid goes back.`,
    ],
    completed: (when) => ['Completed', `The appointment on ${when} is completed. Thank you.`],
    no_show: (when) => ['Missed', `The appointment on ${when} has ended as missed.`],
    late_money_returned: (when) => [
      'Your payment goes back',
      `Money for the appointment on ${when} came too late or was not needed. It goes back to its source.`,
    ],
    cancelled: (when) => ['Cancelled', `The appointment on ${when} is cancelled.`],
    rescheduled: (when) => ['Moved', `Your appointment now starts on ${when}.`],
    extended: (when, _payBy, until) => [
      'Extended',
      `The appointment that started on ${when} now goes on until ${until}.`,
    ],
    refund_completed: (when) => [
      'Refund sent',
      `The money for the appointment on ${when} is on its way back to its source.`,
    ],
    refund_to_wallet: (when) => [
      'Refund on your wallet',
      `The money for the appointment on ${when} could not be sent back to its source. It is on your wallet.`,
    ],
    dispute_opened: (when) => ['Dispute opened', `A payment for the appointment on ${when} is disputed.`],
    dispute_closed: (when) => ['Dispute closed', `The dispute about the appointment on ${when} is closed.`],
  },
};
