import { createRoute, z } from '@hono/zod-openapi';
import { deactivate, forceConfirm } from '../../workflows/messages.js';
import { activate } from '../activation.js';
import { changeAppointment } from '../change-request.js';
import { once } from '../idempotency.js';
import { idParam, optionalKey, reason } from '../inputs.js';
import { presentAppointment } from '../present.js';
import { isOver, readAgain } from '../request-decision.js';
import { BY_WORKFLOW, OF_APPOINTMENT, postBodyProblems, postProblems } from '../problem-responses.js';
import { may, json, jsonBody, newRoutes } from '../routing.js';
import { type AppointmentBody, appointmentSchema, id } from '../schemas.js';
import type { Services } from '../services.js';
import { visibleAppointment } from '../visible.js';

const pendingSchema = z
  .object({ decisionId: id, status: z.literal('pending'), href: z.string() })
  .openapi('PendingDecision');
type Pending = z.infer<typeof pendingSchema>;
const withReason = jsonBody(z.object({ reason }));

const activateRoute = createRoute({
  method: 'post',
  path: '/v1/appointments/{id}/activate',
  operationId: 'activateAppointment',
  tags: ['Administration'],
  summary: 'Approve a paid appointment',
  ...may('activate'),
  request: {
    params: idParam,
    headers: optionalKey,
    body: { content: { 'application/json': { schema: z.object({ reason: reason.optional() }) } } },
  },
  responses: {
    200: json(appointmentSchema, 'Activated.'),
    202: json(pendingSchema, 'Not decided yet: repeat with the same key, or look at href.'),
    ...postBodyProblems(...OF_APPOINTMENT, 'payment_required', 'already_over'),
  },
});

const deactivateRoute = createRoute({
  method: 'post',
  path: '/v1/appointments/{id}/deactivate',
  operationId: 'deactivateAppointment',
  tags: ['Administration'],
  summary: 'Take an approval back, until Join opens',
  ...may('deactivate'),
  request: { params: idParam, headers: optionalKey, body: withReason },
  responses: {
    200: json(appointmentSchema, 'Taken back.'),
    ...postBodyProblems(...BY_WORKFLOW, 'too_late', 'already_over'),
  },
});

const forceConfirmRoute = createRoute({
  method: 'post',
  path: '/v1/appointments/{id}/force-confirm',
  operationId: 'forceConfirmAppointment',
  tags: ['Administration'],
  summary: 'Confirm a paid appointment now',
  ...may('force_confirm'),
  request: { params: idParam, headers: optionalKey, body: withReason },
  responses: {
    200: json(appointmentSchema, 'Confirmed; Join is open.'),
    ...postBodyProblems(...BY_WORKFLOW, 'payment_required', 'already_over'),
  },
});

const repairRoute = createRoute({
  method: 'post',
  path: '/v1/admin/appointments/{id}/repair',
  operationId: 'repairAppointment',
  tags: ['Administration'],
  summary: 'Start the workflow of a live appointment anew, if it is gone',
  ...may('repair'),
  request: { params: idParam, headers: optionalKey },
  responses: {
    200: json(z.object({ repaired: z.boolean() }), 'Whether a workflow was started.'),
    ...postProblems(...OF_APPOINTMENT, 'temporal_unavailable'),
  },
});

export const adminRoutes = (services: Services) =>
  newRoutes()
    .openapi(activateRoute, async (c) => {
      const caller = c.get('caller');
      const seen = await visibleAppointment(c, services, c.req.valid('param').id);
      const input = c.req.valid('json');
      const appointmentId = seen.record.id;
      const answer = await once<200 | 202, AppointmentBody | Pending>(c, services, {
        input,
        minted: false,
        work: async ({ requestId }) => {
          const isActivated = await activate(services, caller, seen, { requestId, reason: input.reason });
          if (isActivated)
            return { status: 200, body: presentAppointment(await readAgain(services, caller, appointmentId), caller) };
          const pending = {
            decisionId: requestId,
            status: 'pending' as const,
            href: `/v1/appointments/${appointmentId}/live`,
          };
          return { status: 202, body: pending, remember: false };
        },
      });
      return 'decisionId' in answer.body ? c.json(answer.body, 202) : c.json(answer.body, 200);
    })
    .openapi(deactivateRoute, async (c) => {
      const input = c.req.valid('json');
      const change = { update: deactivate, input, reason: input.reason };
      return c.json(await changeAppointment(c, services, c.req.valid('param').id, change), 200);
    })
    .openapi(forceConfirmRoute, async (c) => {
      const input = c.req.valid('json');
      const change = { update: forceConfirm, input, reason: input.reason };
      return c.json(await changeAppointment(c, services, c.req.valid('param').id, change), 200);
    })
    .openapi(repairRoute, async (c) => {
      const seen = await visibleAppointment(c, services, c.req.valid('param').id);
      const { body } = await once(c, services, {
        input: {},
        work: async () => ({
          status: 200,
          body: { repaired: !isOver(seen) && (await services.calls.resume(seen.record)) },
        }),
      });
      return c.json(body, 200);
    });
