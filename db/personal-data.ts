import { type RawBuilder, sql } from 'kysely';
import type { Db, Trx } from './database.js';
import type { Encrypted } from './field-cipher.js';
import { decryptField } from './field-encryption.js';
import { readContact } from './people.js';

/** Rows of one section at most, the newest first: an answer stays one that a browser can take. */
const MOST_ROWS = 10_000;

type Row = Record<string, unknown>;

/** A section of an export: rows of one person as PostgreSQL writes them, columns chosen by name. */
type Section = (personId: string) => RawBuilder<{ row: Row }>;

/** Whose appointment: as the API shows it, a therapist's from the activation on. */
const mine = (id: string) => sql`(a.client_id = ${id} or a.therapist_id = ${id} and a.activated_at is not null)`;

/**
 * What is kept of somebody beside the profile. A table with personal data needs a section here and a step in
 * db/erasure.ts. Secrets (hashes, tickets) and what says who somebody else is are no part of it.
 */
const SECTIONS: Record<string, Section> = {
  appointments: (id) => sql`
    select jsonb_build_object('id', a.id, 'status', a.status, 'sessionMode', a.session_mode, 'startsAt', a.starts_at,
      'endsAt', a.ends_at, 'clientId', a.client_id, 'therapistId', a.therapist_id, 'priceMinor', a.price_minor,
      'currency', a.currency, 'outcome', a.outcome_reason, 'createdAt', a.created_at) as row
    from appointment a where ${mine(id)} order by a.starts_at desc`,
  payments: (id) => sql`
    select jsonb_build_object('id', p.id, 'appointmentId', p.appointment_id, 'purpose', p.purpose, 'method', p.method,
      'status', p.status, 'amountMinor', p.amount_minor, 'currency', p.currency, 'createdAt', p.created_at) as row
    from payment p where p.client_id = ${id} order by p.created_at desc`,
  refunds: (id) => sql`
    select jsonb_build_object('id', r.id, 'appointmentId', r.appointment_id, 'paymentId', r.payment_id, 'amountMinor',
      r.amount_minor, 'currency', r.currency, 'to', r.destination, 'status', r.status, 'createdAt', r.created_at) as row
    from refund r where r.client_id = ${id} order by r.created_at desc`,
  ledger: (id) => sql`
    select jsonb_build_object('transactionId', x.id, 'kind', x.kind, 'at', x.at, 'appointmentId', x.appointment_id,
      'account', c.kind, 'amountMinor', e.amount_minor, 'currency', e.currency) as row
    from account c join ledger_entry e on e.account = c.code join ledger_transaction x on x.id = e.transaction_id
    where c.owner_id = ${id} order by e.id desc`,
  notifications: (id) => sql`
    select jsonb_build_object('id', n.id, 'appointmentId', n.appointment_id, 'kind', n.kind, 'channel', n.channel,
      'status', n.status, 'sentAt', n.sent_at, 'readAt', n.read_at, 'createdAt', n.created_at) as row
    from notification n where n.recipient_id = ${id} order by n.id desc`,
  reviews: (id) => sql`
    select jsonb_build_object('appointmentId', r.appointment_id, 'rating', r.rating, 'text', r.text,
      'createdAt', r.created_at) as row
    from review r join appointment a on a.id = r.appointment_id where a.client_id = ${id} order by r.created_at desc`,
  notes: (id) => sql`
    select jsonb_build_object('id', n.id, 'appointmentId', n.appointment_id, 'text', n.text,
      'createdAt', n.created_at) as row
    from note n where n.author_id = ${id} order by n.created_at desc`,
  sessions: (id) => sql`
    select jsonb_build_object('id', s.id, 'createdAt', s.created_at, 'seenAt', s.seen_at, 'expiresAt', s.expires_at,
      'revokedAt', s.revoked_at) as row
    from web_session s where s.person_id = ${id} order by s.id desc`,
  timeline: (id) => sql`
    select jsonb_build_object('appointmentId', t.appointment_id, 'kind', t.kind, 'actorRole', t.actor_role,
      'due', t.due, 'at', t.at) as row
    from timeline_entry t join appointment a on a.id = t.appointment_id where ${mine(id)} order by t.id desc`,
  audit: (id) => sql`
    select jsonb_build_object('at', u.at, 'actorRole', u.actor_role, 'action', u.action, 'objectType', u.object_type,
      'objectId', u.object_id) as row
    from audit_entry u
    where u.actor_id = ${id} or u.subject_id = ${id} or u.object_type = 'people' and u.object_id = ${id}::text
      or u.object_type = 'appointment'
      and u.object_id in (select a.id::text from appointment a where ${mine(id)})
    order by u.id desc`,
};

/** Which sections have a text to be opened, and where it was encrypted. */
const TEXTS: Record<string, { field: 'note.text' | 'review.text'; key: string }> = {
  notes: { field: 'note.text', key: 'id' },
  reviews: { field: 'review.text', key: 'appointmentId' },
};

function inClear(db: Db, name: string, row: Row): Row {
  const text = TEXTS[name];
  if (text === undefined || row['text'] === null) return row;
  return { ...row, text: decryptField(db, text.field, row[text.key] as string, row['text'] as Encrypted) };
}

/** Everything that is kept of one person. */
export interface PersonalData {
  profile: Row;
  sections: Record<string, Row[]>;
  /** Sections of which only the newest rows are here. */
  cutOff: string[];
}

async function readProfile(trx: Trx, id: string): Promise<Row | null> {
  const contact = await readContact(trx, id);
  if (contact === null) return null;
  const { role, locale, timeZone, createdAt } = await trx
    .selectFrom('person')
    .where('id', '=', id)
    .select(['role', 'locale', 'timeZone', 'createdAt'])
    .executeTakeFirstOrThrow();
  return { id, role, ...contact, locale, timeZone, createdAt };
}

/** As of one moment, in clear: the answer to "what do you know of me?". Null for one who is unknown or erased. */
export function readPersonalData(db: Db, id: string): Promise<PersonalData | null> {
  const read = async (trx: Trx): Promise<PersonalData | null> => {
    const profile = await readProfile(trx, id);
    if (profile === null) return null;
    const sections: Record<string, Row[]> = {};
    const cutOff: string[] = [];
    for (const [name, section] of Object.entries(SECTIONS)) {
      const { rows } = await sql<{ row: Row }>`${section(id)} limit ${MOST_ROWS + 1}`.execute(trx);
      if (rows.length > MOST_ROWS) cutOff.push(name);
      sections[name] = rows.slice(0, MOST_ROWS).map(({ row }) => inClear(trx, name, row));
    }
    return { profile, sections, cutOff };
  };
  return db.transaction().setIsolationLevel('repeatable read').setAccessMode('read only').execute(read);
}
