import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { activate } from '../activation.js';
import { errorOf, type ProblemCode } from '../errors.js';
import { once } from '../idempotency.js';
import { uuidOf } from '../ids.js';
import { idInput, optionalKey, reason } from '../inputs.js';
import { toProblem } from '../problem.js';
import { postBodyProblems } from '../problem-responses.js';
import { may, json, jsonBody, newRoutes } from '../routing.js';
import { id } from '../schemas.js';
import type { ApiEnv, Services } from '../services.js';
import { visibleAppointment } from '../visible.js';

/** As many as a page of the list that admins choose from. */
const MOST = 50;
const AT_ONCE = 10;
const PATIENCE_MS = 2_000;

const OUTCOMES = ['activated', 'refused', 'pending'] as const;

const outcomeSchema = z
  .object({
    appointmentId: id,
    outcome: z.enum(OUTCOMES).openapi({
      description: '`pending`: not decided yet. Repeat the request with the same key, or look at the appointment.',
    }),
    code: z.string().nullable().openapi({ description: 'Of a refusal, as the single route answers with it.' }),
    message: z.string().nullable(),
    remedy: z.string().nullable(),
  })
  .openapi('ActivationOutcome');
type ActivationOutcome = z.infer<typeof outcomeSchema>;

const inputSchema = z
  .object({ appointmentIds: z.array(idInput).min(1).max(MOST), reason: reason.optional() })
  .openapi('Activations');

const route = createRoute({
  method: 'post',
  path: '/v1/admin/activations',
  operationId: 'activateAppointments',
  tags: ['Administration'],
  summary: 'Approve many paid appointments, with an answer for each',
  description: 'Each is activated as by its own route: what is refused for one holds up no other.',
  ...may('activate'),
  request: { headers: optionalKey, body: jsonBody(inputSchema) },
  responses: {
    200: json(z.object({ items: z.array(outcomeSchema) }), 'An answer for each id, in the order asked.'),
    ...postBodyProblems(),
  },
});

const said = (appointmentId: string, outcome: ActivationOutcome['outcome'], code: ProblemCode | null = null) => {
  const { message, remedy } = code === null ? { message: null, remedy: null } : errorOf(code);
  return { appointmentId, outcome, code, message, remedy };
};

interface Bulk {
  requestId: string;
  reason: string | undefined;
  patienceMs: number;
}

/** One of them. @throws what says nothing about this one alone: a database that is away */
async function activateOne(
  c: Context<ApiEnv>,
  services: Services,
  appointmentId: string,
  { requestId, ...bulk }: Bulk,
): Promise<ActivationOutcome> {
  try {
    const seen = await visibleAppointment(c, services, appointmentId);
    const request = { ...bulk, requestId: uuidOf(requestId, seen.record.id) };
    const isActivated = await activate(services, c.get('caller'), seen, request);
    return said(appointmentId, isActivated ? 'activated' : 'pending');
  } catch (error) {
    const problem = toProblem(error);
    if (errorOf(problem.code).status >= 500) throw error;
    return said(appointmentId, 'refused', problem.code);
  }
}

/** A few at once; where the first of them are not decided in time, the others are not waited for. */
async function activateAll(
  c: Context<ApiEnv>,
  services: Services,
  ids: readonly string[],
  bulk: Omit<Bulk, 'patienceMs'>,
) {
  const items: ActivationOutcome[] = [];
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const patienceMs = items.some(({ outcome }) => outcome === 'pending') ? 0 : PATIENCE_MS;
    const some = ids.slice(from, from + AT_ONCE);
    items.push(...(await Promise.all(some.map((one) => activateOne(c, services, one, { ...bulk, patienceMs })))));
  }
  return items;
}

const isSettled = ({ outcome, code }: ActivationOutcome): boolean => outcome !== 'pending' && code !== 'rate_limited';

export const adminActivationRoutes = (services: Services) =>
  newRoutes().openapi(route, async (c) => {
    const input = c.req.valid('json');
    const { body } = await once(c, services, {
      input,
      minted: false,
      work: async ({ requestId }) => {
        const ids = [...new Set(input.appointmentIds)];
        const items = await activateAll(c, services, ids, { requestId, reason: input.reason });
        return { status: 200, body: { items }, ...(items.every(isSettled) ? {} : { remember: false }) };
      },
    });
    return c.json(body, 200);
  });
