import type { UpdateDefinition } from '@temporalio/common';
import type { Context } from 'hono';
import type { RequestDetails, RequestInput, Snapshot } from '../workflows/messages.js';
import { once } from './idempotency.js';
import { presentAppointment } from './present.js';
import { requestDecision } from './request-decision.js';
import type { AppointmentBody } from './schemas.js';
import type { ApiEnv, Services } from './services.js';
import { visibleAppointment } from './visible.js';

/** A request that the workflow may refuse: which update, and what the caller sent (`input` tells a repeat's body). */
export interface ChangeRequest {
  update: UpdateDefinition<Snapshot, [RequestInput]>;
  input: object;
  reason?: string;
  details?: RequestDetails;
}

/** Asks the workflow, once per key, and answers with the appointment afterwards. @throws Refused, Problem */
export async function changeAppointment(
  c: Context<ApiEnv>,
  services: Services,
  id: string,
  change: ChangeRequest,
): Promise<AppointmentBody> {
  const { input, ...request } = change;
  const caller = c.get('caller');
  const seen = await visibleAppointment(c, services, id);
  const { body } = await once(c, services, {
    input,
    minted: false,
    work: async ({ requestId }) => {
      const decided = await requestDecision(services, caller, seen, { ...request, requestId });
      return { status: 200 as const, body: presentAppointment(decided, caller) };
    },
  });
  return body;
}
