import { randomInt } from 'node:crypto';
import { commitBooking } from '../db/booking.js';
import { commitAppointment, type CommitRequest } from '../db/commit.js';
import type { Db } from '../db/database.js';
import { writeNote } from '../db/notes.js';
import type { ActivityDependencies } from './dependencies.js';
import { snapshotOf } from './snapshot.js';
import type { CommitInput, RecordActivities } from './types.js';

/** No vowels and nothing that looks alike: ids that can be read over a telephone and spell no words. */
const MEETING_ALPHABET = 'bcdfghjkmnpqrstvwxz23456789';

/** A meeting id such as `k3f-9mwt-x2p`: about 47 bits, unique by constraint. */
function newMeetingId(): string {
  const letters = Array.from({ length: 10 }, () => MEETING_ALPHABET[randomInt(MEETING_ALPHABET.length)]).join('');
  return `${letters.slice(0, 3)}-${letters.slice(3, 7)}-${letters.slice(7)}`;
}

/**
 * A request as the commit stores it. What an operator typed into the Temporal UI is kept as a note; others come with a
 * reference already.
 */
async function toStored(
  db: Db,
  appointmentId: string,
  request: CommitInput['request'],
): Promise<CommitRequest | undefined> {
  if (request === undefined) return undefined;
  const { id, kind, actor, reason, details } = request;
  if (reason === undefined) return { id, kind, actor, payload: { ...details } };
  const note = { id, appointmentId, authorId: actor.id, text: reason };
  const kept = actor.role === 'operator' ? await writeNote(db, note) : reason;
  return { id, kind, actor, payload: { ...details, reason: kept } };
}

/** Local activities: one transaction each, repeated without harm. */
export function createRecordActivities({
  db,
  publicUrl,
  backlog,
}: Pick<ActivityDependencies, 'db' | 'publicUrl' | 'backlog'>): RecordActivities {
  return {
    async bookAppointment(input) {
      const meetingId = newMeetingId();
      const result = await commitBooking(db, { ...input, meetingId, meetingLink: `${publicUrl}/meet/${meetingId}` });
      if (!result.booked) return { refused: result.code };
      const { record, row, now } = result.loaded;
      return { snapshot: snapshotOf({ record, version: row.version, now, needs: null, decided: [] }) };
    },

    async commitAppointment({ appointmentId, request }) {
      const committed = await commitAppointment(db, appointmentId, await toStored(db, appointmentId, request));
      if (committed === null) return { snapshot: null, decision: null };
      backlog.note(committed.lateMs);
      return { snapshot: snapshotOf(committed), decision: committed.decision };
    },
  };
}
