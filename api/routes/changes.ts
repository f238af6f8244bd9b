import { createRoute, z } from '@hono/zod-openapi';
import { MOST_EXTRA_MINUTES } from '../../db/moves.js';
import { advance } from '../../domain/advance.js';
import { cancellationQuote } from '../../domain/cancellation.js';
import { decide } from '../../domain/gate.js';
import { refusal } from '../../domain/refusals.js';
import {
  cancelAppointment,
  extendSession,
  type RequestDetails,
  rescheduleAppointment,
} from '../../workflows/messages.js';
import { mayEver } from '../access.js';
import { changeAppointment } from '../change-request.js';
import { Problem } from '../errors.js';
import { idParam, instantInput, optionalKey, reason } from '../inputs.js';
import type { Reader } from '../present.js';
import { BY_WORKFLOW, postBodyProblems, readProblems } from '../problem-responses.js';
import { may, json, jsonBody, newRoutes } from '../routing.js';
import { amountMinor, appointmentSchema, currency } from '../schemas.js';
import type { Services } from '../services.js';
import { visibleAppointment } from '../visible.js';

const quoteSchema = z
  .object({
    chargeMinor: amountMinor,
    refundMinor: amountMinor,
    currency,
    rule: z.enum(['unpaid', 'by_us', 'not_activated', 'free', 'late', 'therapist_absent', 'after_start']),
    canCancel: z.boolean(),
    code: z.string().nullable(),
    message: z.string().nullable(),
    remedy: z.string().nullable(),
  })
  .openapi('CancellationQuote');

const quoteRoute = createRoute({
  method: 'get',
  path: '/v1/appointments/{id}/cancellation-quote',
  operationId: 'getCancellationQuote',
  tags: ['Changes of plan'],
  summary: 'What a cancel now would charge and return',
  ...may('see_appointment'),
  request: { params: idParam },
  responses: { 200: json(quoteSchema, 'The quote of this moment.'), ...readProblems('unknown_appointment') },
});

const cancelBody = z.object({
  reason,
  refundTo: z.enum(['source', 'wallet']).optional(),
  expectedRefundMinor: z.int().nonnegative().optional(),
});
const cancelRoute = createRoute({
  method: 'post',
  path: '/v1/appointments/{id}/cancel',
  operationId: 'cancelAppointment',
  tags: ['Changes of plan'],
  summary: 'Cancel; the money goes by the quote',
  ...may('cancel'),
  request: { params: idParam, headers: optionalKey, body: jsonBody(cancelBody) },
  responses: {
    200: json(appointmentSchema, 'Cancelled.'),
    ...postBodyProblems(...BY_WORKFLOW, 'already_over', 'use_end', 'quote_changed'),
  },
});

const rescheduleRoute = createRoute({
  method: 'post',
  path: '/v1/appointments/{id}/reschedule',
  operationId: 'rescheduleAppointment',
  tags: ['Changes of plan'],
  summary: 'Move to another start',
  ...may('reschedule'),
  request: { params: idParam, headers: optionalKey, body: jsonBody(z.object({ startsAt: instantInput })) },
  responses: {
    200: json(appointmentSchema, 'Moved.'),
    ...postBodyProblems(
      ...BY_WORKFLOW,
      'already_over',
      'too_late',
      'reschedule_limit',
      'outside_hours',
      'slot_taken',
      'own_overlap',
    ),
  },
});

const extendRoute = createRoute({
  method: 'post',
  path: '/v1/appointments/{id}/extend',
  operationId: 'extendSession',
  tags: ['Changes of plan'],
  summary: 'Let a session under way go on longer, free of charge',
  ...may('extend'),
  request: {
    params: idParam,
    headers: optionalKey,
    body: jsonBody(z.object({ minutes: z.int().min(1).max(MOST_EXTRA_MINUTES) })),
  },
  responses: {
    200: json(appointmentSchema, 'Extended.'),
    ...postBodyProblems(...BY_WORKFLOW, 'already_over', 'not_in_progress', 'slot_taken', 'own_overlap'),
  },
});

/** Only the client may send the money elsewhere than where it came from. */
function cancelDetails(caller: Reader, body: z.output<typeof cancelBody>): RequestDetails {
  const { refundTo, expectedRefundMinor } = body;
  if (refundTo !== undefined && !mayEver(caller, 'choose_where_refund_goes')) throw new Problem('forbidden');
  return {
    ...(refundTo === undefined ? {} : { refundTo }),
    ...(expectedRefundMinor === undefined ? {} : { expectedRefundMinor }),
  };
}

export const changeRoutes = (services: Services) =>
  newRoutes()
    .openapi(quoteRoute, async (c) => {
      const { id, role } = c.get('caller');
      const { record, now } = await visibleAppointment(c, services, c.req.valid('param').id);
      const view = advance(record, now);
      const decision = decide(view.record, 'cancel', { at: now, actor: { role, id } });
      const code = view.deciding ? 'deciding' : decision.allowed ? null : decision.code;
      const said = code === null ? null : refusal(code);
      const quote = cancellationQuote(view.record, now, role);
      const verdict = { canCancel: code === null, code, message: said?.message ?? null, remedy: said?.remedy ?? null };
      return c.json({ ...quote, ...verdict }, 200);
    })
    .openapi(cancelRoute, async (c) => {
      const input = c.req.valid('json');
      const details = cancelDetails(c.get('caller'), input);
      const change = { update: cancelAppointment, input, reason: input.reason, details };
      return c.json(await changeAppointment(c, services, c.req.valid('param').id, change), 200);
    })
    .openapi(rescheduleRoute, async (c) => {
      const input = c.req.valid('json');
      const change = { update: rescheduleAppointment, input, details: input };
      return c.json(await changeAppointment(c, services, c.req.valid('param').id, change), 200);
    })
    .openapi(extendRoute, async (c) => {
      const input = c.req.valid('json');
      const change = { update: extendSession, input, details: input };
      return c.json(await changeAppointment(c, services, c.req.valid('param').id, change), 200);
    });
