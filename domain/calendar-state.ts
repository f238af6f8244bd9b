import type { AppointmentRecord } from './record.js';

/** How an appointment stands in its people's calendars. */
export type EntryState = 'tentative' | 'confirmed' | 'cancelled';

/** Tentative until it is approved; cancelled where it won't take place. What took place, or was missed, stays. */
export function entryStateOf({ status, activatedAt }: Pick<AppointmentRecord, 'status' | 'activatedAt'>): EntryState {
  if (status === 'cancelled' || status === 'expired') return 'cancelled';
  return status === 'scheduled' && activatedAt === null ? 'tentative' : 'confirmed';
}
