import {
  activated,
  APPOINTMENT_ID,
  booked,
  cancelled,
  completed,
  ENDS_AT,
  opened,
  paid,
  payment,
  STARTS_AT,
  underWay,
} from './scene.js';

interface OwnExamples {
  request?: unknown;
  /** Of the answer with the lowest status. */
  response?: unknown;
}

const MOVED_START = '2026-12-03T10:00:00.000Z';
const { stripe: _checkout, ...withoutCheckout } = payment;
const byRazorpay = { ...withoutCheckout, method: 'razorpay', status: 'completed' };

const CALENDAR = [
  'BEGIN:VCALENDAR',
  'VERSION:2.0',
  'PRODID:-//Punctual//EN',
  'BEGIN:VEVENT',
  `UID:${APPOINTMENT_ID}`,
  'SEQUENCE:3',
  'DTSTAMP:20261124T160000Z',
  'DTSTART:20261201T150000Z',
  'DTEND:20261201T160000Z',
  'SUMMARY:Punctual',
  'CLASS:PRIVATE',
  'END:VEVENT',
  'END:VCALENDAR',
  '',
].join('\r\n');

/** What an operation's own examples say, where its schemas' would be of another moment of the booking. */
export const BY_OPERATION: Record<string, OwnExamples> = {
  bookAppointment: { response: booked },
  listAppointments: { response: { items: [paid], nextCursor: null } },
  startPayment: { request: { method: 'stripe' } },
  verifyRazorpayCheckout: {
    request: { orderId: 'order_Q1example', paymentId: 'pay_Q1example', signature: '5b7c…64 hex digits' },
    response: byRazorpay,
  },
  leaveSession: { response: underWay },
  endSession: { response: completed },
  cancelAppointment: {
    request: { reason: 'I am ill.', refundTo: 'wallet', expectedRefundMinor: 9_000 },
    response: cancelled,
  },
  rescheduleAppointment: {
    request: { startsAt: MOVED_START },
    response: { ...paid, startsAt: MOVED_START, endsAt: '2026-12-03T11:00:00.000Z', scheduleVersion: 2 },
  },
  extendSession: {
    request: { minutes: 15 },
    response: { ...underWay, endsAt: '2026-12-01T16:15:00.000Z', durationMinutes: 75 },
  },
  reviewAppointment: { request: { rating: 5, text: 'I felt heard.' } },
  activateAppointment: { request: { reason: 'Referral checked.' }, response: activated },
  activateAppointments: {
    request: { appointmentIds: [APPOINTMENT_ID], reason: 'Referrals checked.' },
    response: {
      items: [{ appointmentId: APPOINTMENT_ID, outcome: 'activated', code: null, message: null, remedy: null }],
    },
  },
  deactivateAppointment: { request: { reason: 'The referral was withdrawn.' } },
  forceConfirmAppointment: { request: { reason: 'Both are waiting.' }, response: opened },
  refundAppointment: { request: { amountMinor: 4_500, reason: 'The line broke down.' } },
  reverseDisputedEarnings: { request: { reason: 'Lost at the bank; nobody came.' } },
  createServiceToken: { request: { name: 'Practice calendar', scopes: ['appointments:read'] } },
  createPayouts: { request: { currency: 'EUR', rail: 'csv' } },
  topUpWallet: { request: { method: 'stripe', amountMinor: 12_000 } },
  verifyPhone: { request: { code: '041982' } },
  listSlots: { response: { items: [{ startsAt: STARTS_AT, endsAt: ENDS_AT }], nextCursor: null } },
  getAppointmentCalendar: { response: CALENDAR },
  getCalendarFeed: { response: CALENDAR },
  getOpenApiDocument: { response: { openapi: '3.1.0' } },
  receiveStripeEvent: { request: { id: 'evt_1example', type: 'payment_intent.succeeded' } },
  receiveRazorpayEvent: { request: { event: 'payment.captured' } },
  receiveRoomEvent: { request: { StatusCallbackEvent: 'participant-connected', RoomSid: 'RM5f0c2b7a9d3e4f61' } },
  receiveMessageEvent: { request: { MessageSid: 'SM5f0c2b7a9d3e4f61', MessageStatus: 'delivered' } },
};
