import { sql } from 'kysely';
import { selectAppointments, toLoaded } from '../../db/appointment-record.js';
import type { Db } from '../../db/database.js';
import { nextDue } from '../../domain/advance.js';
import type { HttpAnswer } from '../support/http-world.js';
import { until } from '../support/steps.js';
import { appointmentWorkflowId } from '../../workflows/messages.js';
import type { RaceWorld } from './racing.js';
import type { Racing } from './rows.js';

/** `200 cancelled` or `409 use_end`: what a contender was told. */
export function said({ status, body }: HttpAnswer): string {
  const word = body['code'] ?? body['status'];
  return typeof word === 'string' ? `${status} ${word}` : String(status);
}

/** What a race left behind. */
export interface Left {
  status: string;
  /** Of the outcome; null while it lives. */
  reason: string | null;
  activated: boolean;
  /** Kinds in their order, refusals as `kind:code`. */
  timeline: string[];
  /** Kinds of transactions in the ledger, in their order, and what became of the hold. */
  ledger: string[];
  hold: string;
  /** What went out, `kind role`, each once, in alphabetical order. */
  told: string[];
}

/** Waits until all that is due is committed and sent and the workflow of one that is over has ended, then reads. */
export async function leftBy(world: RaceWorld, id: string): Promise<Left> {
  return (await leftByAll(world, [id]))[0]!;
}

/** The same of several, in their order; a minute is the longest that they may take. */
export async function leftByAll({ db, temporal }: RaceWorld, ids: readonly string[]): Promise<Left[]> {
  await until('all that is due is done', async () => !(await isUnderWay(db, ids)), 60_000);
  const left = await readLeft(db, ids);
  for (const [index, id] of ids.entries()) {
    if (left[index]!.reason === null) continue;
    const handle = temporal.workflow.getHandle(appointmentWorkflowId(id));
    const status = async () => (await handle.describe().catch(() => null))?.status.name;
    await until(`the workflow of ${id} has ended`, async () => (await status()) !== 'RUNNING', 60_000);
  }
  return left;
}

/** What is there now, of the database alone. */
export async function readLeft(db: Db, ids: readonly string[]): Promise<Left[]> {
  const { rows } = await sql<Left & { id: string }>`
    select a.id, a.status, a.outcome_reason as reason, a.activated_at is not null as activated,
      coalesce((select h.status from hold h where h.appointment_id = a.id), 'none') as hold,
      array(select t.kind || coalesce(':' || (t.detail ->> 'refused'), '') from timeline_entry t
        where t.appointment_id = a.id order by t.id) as timeline,
      array(select x.kind from ledger_transaction x where x.appointment_id = a.id order by x.id) as ledger,
      array(select distinct n.kind || ' ' || n.recipient_role as what from notification n
        where n.appointment_id = a.id and n.status = 'sent' order by what) as told
    from appointment a where a.id in (${sql.join([...ids])})`.execute(db);
  const byId = new Map(rows.map(({ id, ...left }) => [id, left]));
  return ids.map((id) => byId.get(id)!);
}

async function isUnderWay(db: Db, ids: readonly string[]): Promise<boolean> {
  const mine = sql`appointment_id in (${sql.join([...ids])})`;
  const { rows } = await sql<{ busy: boolean }>`
    select exists (select 1 from notification where ${mine}
        and (status = 'sending' or status = 'pending' and next_attempt_at <= clock_timestamp()))
      or exists (select 1 from message where ${mine} and handled_at is null) as busy`.execute(db);
  if (rows[0]!.busy) return true;
  const loaded = (
    await selectAppointments(db)
      .where('a.id', 'in', [...ids])
      .execute()
  ).map(toLoaded);
  return loaded.some(({ record, now }) => nextDue(record, now) !== null);
}

export interface Money {
  wallet: number;
  held: number;
  earned: number;
}

/** What is on the client's wallet, held of it, and earned by the therapist. */
export async function moneyOf(db: Db, { client, therapist }: Racing): Promise<Money> {
  const rows = await db
    .selectFrom('account')
    .where('ownerId', 'in', [client.id, therapist.id])
    .select(['kind', 'balanceMinor', 'heldMinor'])
    .execute();
  const wallet = rows.find(({ kind }) => kind === 'client_wallet');
  const earned = rows.find(({ kind }) => kind === 'therapist_payable')?.balanceMinor ?? 0;
  return { wallet: wallet?.balanceMinor ?? 0, held: wallet?.heldMinor ?? 0, earned };
}
