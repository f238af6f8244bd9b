import { sql } from 'kysely';
import { TEMPLATES, type Template } from '../domain/notifications.js';
import type { Db } from './database.js';

/** An in-app message with what its text needs to know; of an appointment as it stands now. */
export interface InboxItem {
  id: string;
  appointmentId: string;
  kind: string;
  template: Template | null;
  createdAt: Date;
  sentAt: Date | null;
  readAt: Date | null;
  startsAt: Date;
  endsAt: Date;
  payBy: Date;
}

function select(db: Db, personId: string) {
  return db
    .selectFrom('notification as n')
    .innerJoin('appointment as a', 'a.id', 'n.appointmentId')
    .where('n.recipientId', '=', personId)
    .where('n.channel', '=', 'in_app')
    .where('n.status', '=', 'sent')
    .select(['n.id', 'n.appointmentId', 'n.kind', 'n.template', 'n.createdAt', 'n.sentAt', 'n.readAt'])
    .select(['a.startsAt', 'a.endsAt', 'a.payBy']);
}

const isTemplate = (text: string | null): text is Template => (TEMPLATES as readonly (string | null)[]).includes(text);

type Selected = Awaited<ReturnType<ReturnType<typeof select>['executeTakeFirstOrThrow']>>;
const toItem = (row: Selected): InboxItem => ({ ...row, template: isTemplate(row.template) ? row.template : null });

/** In-app messages of a person, the newest first (uuidv7: ordered by time). */
export async function listInbox(
  db: Db,
  personId: string,
  { limit, before }: { limit: number; before: string | null },
): Promise<InboxItem[]> {
  const all = select(db, personId);
  const further = before === null ? all : all.where('n.id', '<', before);
  return (await further.orderBy('n.id', 'desc').limit(limit).execute()).map(toItem);
}

/** Notes that a person has read one; the first time counts. Null for what isn't theirs. */
export async function readInboxItem(db: Db, personId: string, id: string): Promise<InboxItem | null> {
  await db
    .updateTable('notification')
    .set({ readAt: sql<Date>`clock_timestamp()` })
    .where('id', '=', id)
    .where('recipientId', '=', personId)
    .where('channel', '=', 'in_app')
    .where('status', '=', 'sent')
    .where('readAt', 'is', null)
    .execute();
  const row = await select(db, personId).where('n.id', '=', id).executeTakeFirst();
  return row === undefined ? null : toItem(row);
}
