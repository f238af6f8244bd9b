import type { Context } from 'hono';
import { readAppointment } from '../db/lists.js';
import type { SeenAppointment } from '../db/seen-appointment.js';
import { mayTouch } from './access.js';
import { Problem } from './errors.js';
import { isUuid } from './ids.js';
import type { ApiEnv, Services } from './services.js';

/** Whoever works them off is behind by now: more would only make it later. A whole life has about ten. */
const MOST_UNDECIDED = 50;

/**
 * The appointment, if the caller may see it. A request to change it counts towards the caller's pace.
 * @throws Problem `unknown_appointment` (404), also for somebody else's; `rate_limited` for one change too many
 */
export async function visibleAppointment(
  c: Context<ApiEnv>,
  { db, pace }: Pick<Services, 'db' | 'pace'>,
  id: string,
): Promise<SeenAppointment> {
  if (!isUuid(id)) throw new Problem('unknown_appointment');
  const caller = c.get('caller');
  const isChange = c.req.method !== 'GET';
  if (isChange) pace.take(caller.id, id);
  const seen = await readAppointment(db, caller, id);
  if (seen === null || !mayTouch(caller, c.get('act'), seen.record)) throw new Problem('unknown_appointment');
  if (isChange && seen.undecided >= MOST_UNDECIDED) throw new Problem('rate_limited');
  return seen;
}
