import { type RawBuilder, sql } from 'kysely';
import { writeAudit } from './audit.js';
import type { Db, Trx } from './database.js';
import { encryptField } from './field-encryption.js';

/** How it ended: `open_appointments` and `money_due` change nothing. */
export type Erasure = 'erased' | 'unknown_person' | 'open_appointments' | 'money_due';

/** What somebody is called from then on, wherever an appointment of theirs is shown. */
const NAME = 'Erased';

/** Every place that says who somebody is or holds what they wrote; ledger, payments and appointments stay. */
const STEPS: readonly ((id: string) => RawBuilder<unknown>)[] = [
  // Of a client also what others wrote about their appointments; of a therapist what the therapist wrote.
  (id) => sql`update note set text = null where author_id = ${id}
    or appointment_id in (select id from appointment where client_id = ${id})`,
  (id) =>
    sql`update review set text = null where appointment_id in (select id from appointment where client_id = ${id})`,
  (id) => sql`delete from web_session where person_id = ${id}`,
  (id) => sql`delete from event_ticket where person_id = ${id}`,
  (id) => sql`delete from phone_code where person_id = ${id}`,
  (id) => sql`delete from calendar_feed where person_id = ${id}`,
  // Answers that were kept for repeats name people: one's own at once, others' when their day is over.
  (id) => sql`delete from idempotency_key where caller = ${id}`,
  (id) => sql`update notification set status = 'voided', error = null
    where recipient_id = ${id} and status in ('pending', 'sending')`,
];

/**
 * Forgets who somebody is: contact data, notes, review texts, sessions. Their appointments and the ledger stay, under an id
 * that names nobody. Once; a repeat finds it done. The audit log keeps that it was asked for, and by whom.
 */
export function erasePerson(
  db: Db,
  id: string,
  by: { role: 'client' | 'therapist' | 'admin'; id: string; requestId: string },
): Promise<Erasure> {
  return db.transaction().execute(async (trx) => {
    // FOR UPDATE keeps bookings away: their reference to the person waits for it.
    const person = await trx
      .selectFrom('person')
      .where('id', '=', id)
      .where('kind', '=', 'human')
      .select(['id', 'erasedAt'])
      .forUpdate()
      .executeTakeFirst();
    if (person === undefined) return 'unknown_person';
    if (person.erasedAt !== null) return 'erased';
    if (await hasOpenAppointments(trx, id)) return 'open_appointments';
    if (await hasMoneyDue(trx, id)) return 'money_due';
    for (const step of STEPS) await step(id).execute(trx);
    await forgetPerson(trx, id);
    await writeAudit(trx, [
      {
        actor: { role: by.role, id: by.id },
        action: 'erased',
        object: { type: 'person', id },
        subjectId: id,
        requestId: by.requestId,
      },
    ]);
    return 'erased';
  });
}

async function forgetPerson(trx: Trx, id: string): Promise<void> {
  await trx
    .updateTable('person')
    .set({
      subject: `erased:${id}`,
      name: encryptField(trx, 'person.name', id, NAME),
      email: null,
      phone: null,
      emailIndex: null,
      phoneIndex: null,
      phoneVerifiedAt: null,
      locale: 'en',
      timeZone: 'UTC',
      notificationPreferences: '{}',
      erasedAt: sql<Date>`clock_timestamp()`,
    })
    .where('id', '=', id)
    .execute();
}

const isTrue = async (trx: Trx, condition: RawBuilder<unknown>): Promise<boolean> => {
  const { rows } = await sql<{ yes: boolean }>`select (${condition}) as yes`.execute(trx);
  return rows[0]!.yes;
};

const hasOpenAppointments = (trx: Trx, id: string): Promise<boolean> =>
  isTrue(
    trx,
    sql`exists (select from appointment where (client_id = ${id} or therapist_id = ${id})
      and status in ('scheduled', 'confirmed', 'in_progress'))`,
  );

/** What we owe or are owed; a promotion's credit is nobody's money and lapses. Refunds, payouts and disputes under way too. */
const hasMoneyDue = (trx: Trx, id: string): Promise<boolean> =>
  isTrue(
    trx,
    sql`exists (select from account a where a.owner_id = ${id} and (a.held_minor <> 0 or a.balance_minor <> coalesce(
        (select sum(l.remaining_minor) from wallet_lot l where l.account = a.code and l.kind = 'promotion'), 0)))
      or exists (select from refund where client_id = ${id} and status in ('pending', 'processing'))
      or exists (select from payout where therapist_id = ${id} and status = 'pending')
      or exists (select from payment p where p.client_id = ${id} and p.method <> 'wallet' and p.status = 'processing')
      or exists (select from dispute d join payment p on p.id = d.payment_id
        where p.client_id = ${id} and d.status in ('inquiry', 'open'))`,
  );
