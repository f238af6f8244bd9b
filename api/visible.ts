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
 * The appointment, if the caller may see it.
 * @throws Problem `unknown_appointment` (404), also for somebody else's; `rate_limited` for a change while too much waits
 */
export async function visibleAppointment(
  c: Context<ApiEnv>,
  { db }: Pick<Services, 'db'>,
  id: string,
): Promise<SeenAppointment> {
  if (!isUuid(id)) throw new Problem('unknown_appointment');
  const caller = c.get('caller');
  const seen = await readAppointment(db, caller, id);
  if (seen === null || !mayTouch(caller, c.get('act'), seen.record)) throw new Problem('unknown_appointment');
  if (c.req.method !== 'GET' && seen.undecided >= MOST_UNDECIDED) throw new Problem('rate_limited');
  return seen;
}
