import { z } from 'zod';
import { FAULT_KINDS } from '../faults.js';
import { DISPUTE_ACTIONS } from './disputes.js';
import { PAYMENT_ACTIONS } from './payments.js';
import { REFUND_ACTIONS } from './refunds.js';

const vendor = z.enum(['stripe', 'razorpay', 'twilio']);

/** The bodies the control API takes. Unknown names are refused: a typo would otherwise be a test that tests nothing. */
export const faultBody = z.strictObject({
  provider: z.enum(['stripe', 'razorpay', 'twilio', 'smtp']),
  method: z.string().optional(),
  path: z.string().optional(),
  kind: z.enum(FAULT_KINDS),
  ms: z.number().nonnegative().optional(),
  times: z.number().int().positive().optional(),
  stored: z.boolean().optional(),
});

export const webhookModeBody = z.strictObject({
  provider: vendor.optional(),
  duplicates: z.number().int().nonnegative().optional(),
  reorder: z.boolean().optional(),
  hold: z.boolean().optional(),
  drop: z.boolean().optional(),
});

/** An SMS that somebody sends to us, and where Twilio reports it to. */
export const inboundSmsBody = z.strictObject({
  from: z.string().regex(/^\+[1-9]\d{6,14}$/),
  body: z.string().min(1).max(1600),
  url: z.url(),
});

export const paymentActionBody = z.strictObject({ paymentMethod: z.string().optional() });
export const paymentAction = z.enum(PAYMENT_ACTIONS);
export const disputeAction = z.enum(DISPUTE_ACTIONS);
export const disputeBody = z.strictObject({
  reason: z.string().min(1).optional(),
  amountMinor: z.number().int().positive().optional(),
  evidenceDueAt: z.iso.datetime().optional(),
  isInquiry: z.boolean().optional(),
});
export const refundAction = z.enum(REFUND_ACTIONS);
export const refundBody = z.strictObject({ amountMinor: z.number().int().positive().optional() });
export const refundPlanBody = z.strictObject({
  provider: z.enum(['stripe', 'razorpay']),
  outcome: z.enum(['pending', 'refused']),
  reason: z.string().min(1).optional(),
  times: z.number().int().positive().optional(),
});
export const connectBody = z.strictObject({ identity: z.string().min(1).optional(), token: z.string().optional() });
