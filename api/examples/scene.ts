import { defaultPolicy, REAL_MINUTE_MS } from '../../domain/policy.js';

/** One booking from end to end: what the document's examples tell of. */

export const CLIENT = { id: '01993f0e-1a2b-7c3d-8e4f-0a1b2c3d4e5f', name: 'Mira Okafor' };
export const THERAPIST = { id: '01993f0e-2b3c-7d4e-8f50-1b2c3d4e5f60', name: 'Dr. Jonas Weber' };
export const ADMIN = { id: '01993f0e-3c4d-7e5f-9061-2c3d4e5f6071', name: 'Ada Lindqvist' };
export const APPOINTMENT_ID = '01993f0e-5b7c-7d7e-9d52-0c7a1c1f6a10';
const MEETING_ID = '01993f0e-6c8d-7e8f-9e63-1d8b2d2f7b21';
const PAYMENT_ID = '01993f0e-7d9e-7f90-8f74-2e9c3e3f8c32';
export const PRICE = { amountMinor: 9_000, currency: 'EUR' };
export const POLICY = defaultPolicy(REAL_MINUTE_MS);

export const BOOKED_AT = '2026-11-24T15:00:00.000Z';
const PAID_AT = '2026-11-24T15:04:00.000Z';
export const STARTS_AT = '2026-12-01T15:00:00.000Z';
export const ENDS_AT = '2026-12-01T16:00:00.000Z';
export const OPENS_AT = '2026-12-01T14:55:00.000Z';
export const DURING = '2026-12-01T15:10:00.000Z';

export const verdict = {
  canJoin: false,
  action: 'join',
  code: 'awaiting_activation',
  message: 'This appointment awaits approval by an admin.',
  opensAt: OPENS_AT,
  remedy: 'Wait until it is approved; you will be told.',
};
export const openVerdict = { ...verdict, canJoin: true, code: null, message: 'The room is open.', remedy: null };
const overVerdict = {
  ...verdict,
  code: 'already_over',
  message: 'This appointment is over.',
  remedy: 'Book a new one.',
};

const nobodyCame = {
  client: { joinedAt: null, cameAt: null },
  therapist: { joinedAt: null, cameAt: null },
};
const bothCame = {
  client: { joinedAt: '2026-12-01T14:58:00.000Z', cameAt: '2026-12-01T14:58:03.000Z' },
  therapist: { joinedAt: '2026-12-01T14:59:30.000Z', cameAt: '2026-12-01T14:59:32.000Z' },
};

/** Booked, not paid yet. */
export const booked = {
  id: APPOINTMENT_ID,
  status: 'scheduled',
  sessionMode: 'video',
  startsAt: STARTS_AT,
  endsAt: ENDS_AT,
  durationMinutes: 60,
  meetingId: MEETING_ID,
  meetingLink: `https://app.example.com/meet/${MEETING_ID}`,
  client: CLIENT,
  therapist: THERAPIST,
  price: PRICE,
  payment: null as { status: string; method: string } | null,
  isActivatedByAdmin: false,
  attendance: nobodyCame,
  outcome: null as { reason: string; by: string; at: string } | null,
  deciding: false,
  payBy: '2026-11-24T15:30:00.000Z',
  hold: 'none',
  refunds: [] as { amountMinor: number; to: string; status: string }[],
  join: {
    ...verdict,
    code: 'payment_required',
    message: 'This appointment is not paid.',
    remedy: 'The client pays first.',
  } as Record<string, unknown>,
  allowedActions: ['pay', 'cancel', 'reschedule'],
  policy: POLICY,
  scheduleVersion: 1,
  serverNow: BOOKED_AT,
  createdAt: BOOKED_AT,
  updatedAt: BOOKED_AT,
};

export const paid = {
  ...booked,
  payment: { status: 'completed', method: 'wallet' },
  hold: 'held',
  join: verdict,
  allowedActions: ['cancel', 'reschedule'],
  serverNow: '2026-11-24T15:05:00.000Z',
  updatedAt: PAID_AT,
};

const tooEarly = { ...verdict, code: 'too_early', message: 'The session is not open yet.' };
export const activated = {
  ...paid,
  isActivatedByAdmin: true,
  join: { ...tooEarly, remedy: 'Come back when it opens.' },
  allowedActions: ['deactivate', 'force_confirm', 'cancel', 'reschedule'],
  serverNow: '2026-11-24T16:00:00.000Z',
  updatedAt: '2026-11-24T16:00:00.000Z',
};

export const opened = {
  ...activated,
  status: 'confirmed',
  join: openVerdict,
  allowedActions: ['cancel'],
  serverNow: OPENS_AT,
  updatedAt: OPENS_AT,
};

export const underWay = {
  ...opened,
  status: 'in_progress',
  attendance: bothCame,
  allowedActions: ['join', 'leave', 'end'],
  serverNow: DURING,
  updatedAt: '2026-12-01T14:59:32.000Z',
};

export const completed = {
  ...underWay,
  status: 'completed',
  outcome: { reason: 'ended_by_party', by: 'therapist', at: '2026-12-01T15:58:00.000Z' },
  hold: 'settled',
  join: overVerdict,
  allowedActions: ['review'],
  serverNow: '2026-12-01T15:58:00.000Z',
  updatedAt: '2026-12-01T15:58:00.000Z',
};

export const cancelled = {
  ...activated,
  status: 'cancelled',
  outcome: { reason: 'cancelled', by: 'client', at: '2026-11-25T09:00:00.000Z' },
  payment: { status: 'refunded', method: 'wallet' },
  hold: 'voided',
  refunds: [{ amountMinor: PRICE.amountMinor, to: 'wallet', status: 'completed' }],
  join: overVerdict,
  allowedActions: [] as string[],
  serverNow: '2026-11-25T09:00:00.000Z',
  updatedAt: '2026-11-25T09:00:00.000Z',
};

export const payment = {
  id: PAYMENT_ID,
  appointmentId: APPOINTMENT_ID,
  method: 'stripe',
  status: 'pending',
  ...PRICE,
  failureCode: null,
  createdAt: PAID_AT,
  stripe: { clientSecret: 'pi_3Qexample_secret_4f2a', publishableKey: 'pk_live_example' },
};
