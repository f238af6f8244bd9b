import type { LiveEvent } from '../../db/live-events.js';
import type { Role } from '../../domain/types.js';

/** Who listens, and to what. */
export interface Reader {
  id: string;
  role: Role;
  /** Null: to everything that is theirs. */
  appointmentId: string | null;
}

/** What one reader is told. */
export interface Told {
  event: string;
  data: object;
}

/** What this reader is told of an event: ids, statuses and a version, nothing about anybody; null when nothing. */
export function toldOf(event: LiveEvent, reader: Reader): Told | null {
  if (reader.appointmentId !== null && reader.appointmentId !== event.appointmentId) return null;
  const { kind, objectId, appointmentId, said } = event;
  switch (kind) {
    case 'notification':
      return event.personId === reader.id
        ? { event: 'notification.created', data: { id: objectId, appointmentId } }
        : null;
    case 'payment':
    case 'refund':
      return reader.role === 'admin' || (reader.role === 'client' && event.clientId === reader.id)
        ? { event: `${kind}.changed`, data: { id: objectId, appointmentId, status: said } }
        : null;
    case 'appointment':
      return ofAppointment(event, reader);
  }
}

/** A therapist hears of it while it is activated, and that it is gone when the activation is taken back. */
function ofAppointment({ now, changes }: LiveEvent, { id, role }: Reader): Told | null {
  if (now === null) return null;
  if (role === 'client' && now.clientId !== id) return null;
  if (role === 'therapist' && now.therapistId !== id) return null;
  if (role === 'therapist' && !now.isShown)
    return changes.includes('deactivated') ? { event: 'appointment.removed', data: { id: now.id } } : null;
  const { version, status, deciding } = now;
  return { event: 'appointment.changed', data: { id: now.id, version, status, deciding, changes } };
}
