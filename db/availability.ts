import { sql } from 'kysely';
import { availabilityOf, type Availability } from '../domain/availability.js';
import type { HoursByDate, WeeklyHours } from '../domain/hours.js';
import { completePolicy, type Policy } from '../domain/policy.js';
import type { Db, Trx } from './database.js';

/** The columns of therapist and person that an availability is made of. */
export const AVAILABILITY_COLUMNS = [
  'person.timeZone',
  'therapist.weeklyHours',
  'therapist.exceptions',
  'therapist.policy',
] as const;

interface AvailabilityRow {
  timeZone: string;
  weeklyHours: WeeklyHours | null;
  exceptions: HoursByDate;
  policy: Policy;
}

/** A therapist's policy, whole, and the availability that goes with it. */
export function toAvailability(row: AvailabilityRow): { policy: Policy; availability: Availability } {
  const { timeZone, weeklyHours, exceptions } = row;
  const policy = completePolicy(row.policy);
  return { policy, availability: availabilityOf({ timeZone, weeklyHours, exceptions }, policy) };
}

function selectTherapist(db: Db, therapistId: string) {
  return db
    .selectFrom('therapist')
    .innerJoin('person', 'person.id', 'therapist.id')
    .where('therapist.id', '=', therapistId)
    .select([...AVAILABILITY_COLUMNS, 'therapist.availabilityVersion as version']);
}

/** The availability of a therapist who is known to exist. */
export async function readAvailability(db: Db, therapistId: string): Promise<Availability> {
  return toAvailability(await selectTherapist(db, therapistId).executeTakeFirstOrThrow()).availability;
}

/** What a therapist decides on; minutes are policy minutes. */
export interface AvailabilitySettings {
  weeklyHours: WeeklyHours | null;
  exceptions: HoursByDate;
  bufferBeforeMinutes: number;
  bufferAfterMinutes: number;
  minimumNoticeMinutes: number;
}

/** The settings as stored, by which number of changes they came to be, and the zone of their hours. */
export interface StoredAvailability {
  version: number;
  timeZone: string;
  settings: AvailabilitySettings;
}

function toStored({ version, ...row }: AvailabilityRow & { version: number }): StoredAvailability {
  const { timeZone, weeklyHours, exceptions } = row;
  const { bufferBeforeMinutes, bufferMinutes, minimumNoticeMinutes } = completePolicy(row.policy);
  const settings = { weeklyHours, exceptions, bufferBeforeMinutes, bufferAfterMinutes: bufferMinutes };
  return { version, timeZone, settings: { ...settings, minimumNoticeMinutes } };
}

/** A therapist's settings; null for who is none. */
export async function loadSettings(db: Db, therapistId: string): Promise<StoredAvailability | null> {
  const row = await selectTherapist(db, therapistId).executeTakeFirst();
  return row === undefined ? null : toStored(row);
}

/** Text that is the same for the same settings: jsonb and callers order keys and leave out days each in their way. */
function fingerprintOf({ weeklyHours, exceptions, ...numbers }: AvailabilitySettings): string {
  const sorted = (hours: object) => Object.entries(hours).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const days = weeklyHours && sorted(weeklyHours).filter(([, ranges]) => ranges.length > 0);
  return JSON.stringify([days, sorted(exceptions), sorted(numbers)]);
}

/** `isCurrent` false: the settings are no longer those of the version that the caller has read, and stay as they are. */
export type SavedAvailability = { isCurrent: boolean; stored: StoredAvailability };

/**
 * Replaces a therapist's settings; what is booked keeps its times and its policy. Each change counts the version up;
 * settings that are there already change nothing, whatever was expected, so that a repeat of a lost answer gets it.
 * @param expected tells whether the caller has seen this version @returns null for who is no therapist
 */
export function saveSettings(
  db: Db,
  therapistId: string,
  settings: AvailabilitySettings,
  expected: (stored: StoredAvailability) => boolean,
): Promise<SavedAvailability | null> {
  return db.transaction().execute(async (trx) => {
    const row = await selectTherapist(trx, therapistId).forNoKeyUpdate('therapist').executeTakeFirst();
    if (row === undefined) return null;
    const stored = toStored(row);
    if (fingerprintOf(stored.settings) === fingerprintOf(settings)) return { isCurrent: true, stored };
    if (!expected(stored)) return { isCurrent: false, stored };
    await writeSettings(trx, therapistId, settings);
    return { isCurrent: true, stored: { ...stored, version: stored.version + 1, settings } };
  });
}

/**
 * What a therapist has decided of the policy, as jsonb of the row `therapist`; an empty object before the first change.
 * For who replaces the rest.
 */
export function policyDecided() {
  return sql<Policy>`(
    select coalesce(jsonb_object_agg(key, value), '{}') from jsonb_each(therapist.policy)
    where therapist.availability_version > 1
      and key in ('bufferBeforeMinutes', 'bufferMinutes', 'minimumNoticeMinutes')
  )`;
}

async function writeSettings(trx: Trx, therapistId: string, settings: AvailabilitySettings): Promise<void> {
  const { weeklyHours, exceptions, bufferBeforeMinutes, bufferAfterMinutes, minimumNoticeMinutes } = settings;
  const changed = { bufferBeforeMinutes, bufferMinutes: bufferAfterMinutes, minimumNoticeMinutes };
  await trx
    .updateTable('therapist')
    .set({
      weeklyHours: weeklyHours === null ? null : JSON.stringify(weeklyHours),
      exceptions: JSON.stringify(exceptions),
      policy: sql`policy || ${JSON.stringify(changed)}::jsonb`,
      availabilityVersion: sql`availability_version + 1`,
    })
    .where('id', '=', therapistId)
    .execute();
}
