import { z } from '@hono/zod-openapi';
import { ACTIONS } from '../domain/allowed-actions.js';
import {
  HOLD_STATUSES,
  OUTCOME_REASONS,
  PAYMENT_METHODS,
  PAYMENT_STATUSES,
  SESSION_MODES,
  STATUSES,
} from '../domain/types.js';
import { PROBLEM_CODES } from './errors.js';

/** What the API answers with; the OpenAPI document and the types of present.ts come from here. */

export const instant = z.iso.datetime().openapi({ format: 'date-time', example: '2026-11-24T15:00:00.000Z' });
export const id = z.string().openapi({ description: 'Opaque.', example: '01993f0e-5b7c-7d7e-9d52-0c7a1c1f6a10' });
export const amountMinor = z.int().openapi({ description: 'Integer minor units of the currency.', example: 4500 });
export const currency = z.string().openapi({ description: 'ISO 4217', example: 'EUR' });
export const cursor = z
  .string()
  .nullable()
  .openapi({ description: 'Pass it as ?cursor= to get what follows; null at the end.' });

/** A page of a list. */
export const pageOf = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), nextCursor: cursor });

const person = z.object({ id, name: z.string() });
const presence = z.object({
  joinedAt: instant.nullable().openapi({ description: 'First join.' }),
  cameAt: instant.nullable().openapi({ description: 'First connection to the room (chat: the join).' }),
});

export const problemSchema = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string(),
    code: z.enum(PROBLEM_CODES as [string, ...string[]]),
    remedy: z.string(),
    errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
  })
  .openapi('Problem');

export const joinVerdictSchema = z
  .object({
    canJoin: z.boolean(),
    action: z.enum(['join', 'open_chat']),
    code: z.string().nullable(),
    message: z.string(),
    opensAt: instant,
    remedy: z.string().nullable(),
    blockingAppointmentId: id.optional().openapi({ description: 'The session a busy therapist holds.' }),
  })
  .openapi('JoinVerdict');

const verdicts = z.object({ client: joinVerdictSchema, therapist: joinVerdictSchema });
/** The caller's verdict; an admin gets the client's, with both beside it. */
export const joinAnswerSchema = joinVerdictSchema.extend({ joinVerdicts: verdicts.optional() }).openapi('JoinVerdicts');

export const policySchema = z
  .object({
    minuteMs: z.int(),
    paymentWindowMinutes: z.number(),
    reminderMinutes: z.number(),
    openingMinutes: z.number(),
    activationGraceMinutes: z.number(),
    absenceMinutes: z.number(),
    bufferMinutes: z.number(),
    bufferBeforeMinutes: z.number(),
    minimumNoticeMinutes: z.number(),
    platformFeeBps: z.int(),
    maxUnpaidBookings: z.int(),
    freeCancellationMinutes: z.number(),
    lateCancellationBps: z.int(),
    rescheduleUntilMinutes: z.number(),
    maxReschedules: z.int(),
    presenceBps: z.int(),
    earningsDelayMinutes: z.number(),
    wakeSpreadMs: z.int(),
  })
  .openapi('Policy', { description: 'Times in policy minutes, which last minuteMs each.' });

export const appointmentSchema = z
  .object({
    id,
    status: z.enum(STATUSES),
    sessionMode: z.enum(SESSION_MODES),
    startsAt: instant,
    endsAt: instant,
    durationMinutes: z.int(),
    meetingId: z.string(),
    meetingLink: z.string(),
    client: person,
    therapist: person,
    price: z.object({ amountMinor, currency }),
    payment: z.object({ status: z.enum(PAYMENT_STATUSES), method: z.enum(PAYMENT_METHODS) }).nullable(),
    isActivatedByAdmin: z.boolean(),
    attendance: z.object({ client: presence, therapist: presence }),
    outcome: z.object({ reason: z.enum(OUTCOME_REASONS), by: z.string(), at: instant }).nullable(),
    deciding: z.boolean().openapi({ description: 'A deadline has passed and its outcome is being decided.' }),
    payBy: instant,
    hold: z.enum(HOLD_STATUSES),
    refunds: z.array(z.object({ amountMinor, to: z.string(), status: z.string() })),
    join: joinVerdictSchema,
    joinVerdicts: verdicts.optional().openapi({ description: 'For admins: both participants’ verdicts.' }),
    allowedActions: z.array(z.enum(ACTIONS)),
    policy: policySchema,
    scheduleVersion: z.int(),
    serverNow: instant,
    createdAt: instant,
    updatedAt: instant,
  })
  .openapi('Appointment', { description: 'Status as of serverNow.' });

export const paymentSchema = z
  .object({
    id,
    appointmentId: id,
    method: z.enum(PAYMENT_METHODS),
    status: z.enum(PAYMENT_STATUSES),
    amountMinor,
    currency,
    failureCode: z.string().nullable(),
    createdAt: instant,
    stripe: z.object({ clientSecret: z.string(), publishableKey: z.string() }).optional(),
    razorpay: z.object({ orderId: z.string(), keyId: z.string() }).optional(),
  })
  .openapi('Payment');

const rate = z.object({ amountMinor, currency, perMinutes: z.literal(60) });
export const therapistSchema = z
  .object({
    id,
    name: z.string(),
    timeZone: z.string(),
    currency,
    rates: z.object({ video: rate.optional(), audio: rate.optional(), chat: rate.optional() }),
    durationsMinutes: z.array(z.int()),
    policy: policySchema,
  })
  .openapi('Therapist');

export type AppointmentBody = z.infer<typeof appointmentSchema>;
export type JoinVerdictBody = z.infer<typeof joinVerdictSchema>;
export type JoinAnswerBody = z.infer<typeof joinAnswerSchema>;
export type PaymentBody = z.infer<typeof paymentSchema>;
export type TherapistBody = z.infer<typeof therapistSchema>;
