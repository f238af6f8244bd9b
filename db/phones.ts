import { sql } from 'kysely';
import type { SmsKeyword } from '../domain/phone.js';
import type { Db, Trx } from './database.js';
import { contactIndex, decryptField, encryptField } from './field-encryption.js';
import { phoneColumns } from './people.js';
import type { ProviderEvent } from './provider-events.js';

/** Codes live this long, are tried this often, and are sent this often a day to a person or a number. */
export const CODE_MINUTES = 10;
export const MOST_CODE_ATTEMPTS = 5;
const MOST_CODES_A_DAY = 5;
const APART_SECONDS = 30;

export interface NewCode {
  id: string;
  personId: string;
  phone: string;
  codeHash: string;
}

/**
 * Makes room for a code that is about to be sent; those before it count no longer. A number is anybody's until it is
 * verified, so it is protected like a person. @returns when it ends; null for one too many
 */
export async function makeCode(db: Db, { id, personId, phone, codeHash }: NewCode): Promise<Date | null> {
  const phoneIndex = contactIndex(db, 'person.phone', phone);
  return db.transaction().execute(async (trx) => {
    // One at a time for a person and for a number, so that many at once are counted.
    await sql`select pg_advisory_xact_lock(hashtextextended(k, 0)) from unnest(${[personId, phoneIndex].toSorted()}::text[]) k`.execute(
      trx,
    );
    const { rows } = await sql<{ today: number; lately: number }>`
      select count(*)::int as today,
        (count(*) filter (where created_at > clock_timestamp() - ${APART_SECONDS} * interval '1 second'))::int as lately
      from phone_code
      where (person_id = ${personId} or phone_index = ${phoneIndex}) and created_at > clock_timestamp() - interval '1 day'`.execute(
      trx,
    );
    const { today, lately } = rows[0]!;
    if (today >= MOST_CODES_A_DAY || lately > 0) return null;
    await sql`
      update phone_code set expires_at = clock_timestamp() where person_id = ${personId} and expires_at > clock_timestamp()`.execute(
      trx,
    );
    const { expiresAt } = await trx
      .insertInto('phoneCode')
      .values({
        id,
        personId,
        phone: encryptField(trx, 'phone_code.phone', id, phone),
        phoneIndex,
        codeHash,
        expiresAt: sql<Date>`clock_timestamp() + ${CODE_MINUTES} * interval '1 minute'`,
      })
      .returning('expiresAt')
      .executeTakeFirstOrThrow();
    return expiresAt;
  });
}

export type CodeVerdict = { verified: true; at: Date } | { verified: false; why: 'wrong' | 'over' };

/**
 * Tries a code: `hashOf` says what a row's code would have been kept as. The right one makes its number the person's
 * own, verified. Each try counts, also one of fifty at once.
 */
export async function tryCode(db: Db, personId: string, hashOf: (id: string) => string): Promise<CodeVerdict> {
  return db.transaction().execute(async (trx) => {
    const row = await trx
      .selectFrom('phoneCode')
      .where('personId', '=', personId)
      .where('expiresAt', '>', sql<Date>`clock_timestamp()`)
      .orderBy('createdAt', 'desc')
      .limit(1)
      .forUpdate()
      .select(['id', 'phone', 'codeHash', 'attempts'])
      .executeTakeFirst();
    if (row === undefined || row.attempts >= MOST_CODE_ATTEMPTS) return { verified: false, why: 'over' };
    if (row.codeHash !== hashOf(row.id)) {
      await trx
        .updateTable('phoneCode')
        .set({ attempts: row.attempts + 1 })
        .where('id', '=', row.id)
        .execute();
      return { verified: false, why: row.attempts + 1 >= MOST_CODE_ATTEMPTS ? 'over' : 'wrong' };
    }
    await trx
      .updateTable('phoneCode')
      .set({ expiresAt: sql<Date>`clock_timestamp()` })
      .where('id', '=', row.id)
      .execute();
    const phone = decryptField(trx, 'phone_code.phone', row.id, row.phone);
    const { phoneVerifiedAt } = await trx
      .updateTable('person')
      .set({
        ...phoneColumns(trx, personId, phone),
        phoneVerifiedAt: sql<Date>`clock_timestamp()`,
        smsOptedOutAt: null,
      })
      .where('id', '=', personId)
      .returning('phoneVerifiedAt')
      .executeTakeFirstOrThrow();
    return { verified: true, at: phoneVerifiedAt! };
  });
}

/** Whoever has this number gets no SMS from now on, or gets them again. */
async function choose(trx: Db | Trx, phone: string, choice: Exclude<SmsKeyword, 'help'>): Promise<void> {
  await trx
    .updateTable('person')
    .set({ smsOptedOutAt: choice === 'stop' ? sql<Date>`coalesce(sms_opted_out_at, clock_timestamp())` : null })
    .where('phoneIndex', '=', contactIndex(trx, 'person.phone', phone))
    .execute();
}

/** The vendor says that a number's holder has opted out. */
export const optOut = (db: Db, phone: string): Promise<void> => choose(db, phone, 'stop');

/** The vendor says that there is no mobile telephone at a number. */
export async function distrustPhone(db: Db, phone: string): Promise<void> {
  const phoneIndex = contactIndex(db, 'person.phone', phone);
  await db.updateTable('person').set({ phoneVerifiedAt: null }).where('phoneIndex', '=', phoneIndex).execute();
}

/**
 * Stores an SMS that came in, and in the same transaction what it asks for. A repeat changes nothing: an old START that
 * is sent again takes back no STOP. @returns the sender's locale where we know them; false for a repeat
 */
export async function receiveSms(
  db: Db,
  event: ProviderEvent,
  { phone, keyword }: { phone: string; keyword: SmsKeyword | null },
): Promise<{ locale: string | null } | false> {
  return db.transaction().execute(async (trx) => {
    const stored = await trx
      .insertInto('providerEvent')
      .values({ ...event, payload: JSON.stringify(event.payload), handledAt: sql<Date>`clock_timestamp()` })
      .onConflict((conflict) => conflict.columns(['provider', 'eventId']).doNothing())
      .returning('eventId')
      .executeTakeFirst();
    if (stored === undefined) return false;
    if (keyword === 'stop' || keyword === 'start') await choose(trx, phone, keyword);
    const phoneIndex = contactIndex(trx, 'person.phone', phone);
    const known = await trx
      .selectFrom('person')
      .where('phoneIndex', '=', phoneIndex)
      .select('locale')
      .executeTakeFirst();
    return { locale: known?.locale ?? null };
  });
}
