import type { Context } from 'hono';
import { readAppointment, type SeenAppointment } from '../db/lists.js';
import { Problem } from './errors.js';
import { isUuid } from './ids.js';
import type { ApiEnv, Services } from './services.js';

/** The appointment, if the caller may see it. @throws Problem `unknown_appointment` (404), also for somebody else's */
export async function visibleAppointment(
  c: Context<ApiEnv>,
  { db }: Pick<Services, 'db'>,
  id: string,
): Promise<SeenAppointment> {
  const seen = isUuid(id) ? await readAppointment(db, c.get('caller'), id) : null;
  if (seen === null) throw new Problem('unknown_appointment');
  return seen;
}
