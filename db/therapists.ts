import type { Db } from './database.js';

/** Therapists with their names, as anybody signed in may see them. */
function selectTherapists(db: Db) {
  return db
    .selectFrom('therapist')
    .innerJoin('person', 'person.id', 'therapist.id')
    .select([
      'therapist.id',
      'person.name',
      'person.timeZone',
      'therapist.currency',
      'therapist.rates',
      'therapist.durationsMinutes',
      'therapist.weeklyHours',
      'therapist.exceptions',
      'therapist.policy',
    ]);
}

export type Therapist = Awaited<ReturnType<ReturnType<typeof selectTherapists>['execute']>>[number];

/** By name and id, after the one where the last page ended. */
export function listTherapists(
  db: Db,
  page: { limit: number; after: { name: string; id: string } | null },
): Promise<Therapist[]> {
  const { limit, after } = page;
  let query = selectTherapists(db);
  if (after !== null) {
    query = query.where((eb) => eb(eb.refTuple('person.name', 'therapist.id'), '>', eb.tuple(after.name, after.id)));
  }
  return query.orderBy('person.name').orderBy('therapist.id').limit(limit).execute();
}

export async function readTherapist(db: Db, id: string): Promise<Therapist | null> {
  return (await selectTherapists(db).where('therapist.id', '=', id).executeTakeFirst()) ?? null;
}
