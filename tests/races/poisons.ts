import { sql } from 'kysely';
import type { AttentionKind } from '../../db/attention.js';
import type { Db } from '../../db/database.js';
import { encryptField } from '../../db/field-encryption.js';
import { appointmentWorkflowId } from '../../workflows/messages.js';
import { passTime } from '../support/appointments.js';
import type { RaceWorld } from './racing.js';
import type { Racing } from './rows.js';

/** Appointments that can't go on, each with how attention shows it and how somebody mends it. */

export interface Poison {
  name: string;
  spoil(world: RaceWorld, racing: Racing): Promise<unknown>;
  /** The kind under which attention lists it, and a part of its detail. */
  shows: { kind: AttentionKind; detail?: Record<string, unknown> };
  /** What the remedy comes to; afterwards it goes on by itself. */
  mend(world: RaceWorld, racing: Racing): Promise<unknown>;
}

const setPolicy = (db: Db, { id }: Racing, policy: string) =>
  sql`update appointment set policy = ${policy}::jsonb where id = ${id}`.execute(db);

/** The policy as the therapist's row has it, from which it was copied. */
const copyPolicy = ({ db }: RaceWorld, { id }: Racing) =>
  sql`update appointment a set policy = t.policy from therapist t where t.id = a.therapist_id and a.id = ${id}`.execute(
    db,
  );

const storeRaw = (db: Db, { id, client }: Racing, kind: string, payload: string) =>
  sql`
    insert into message (appointment_id, kind, actor_role, actor_id, payload, received_at)
    values (${id}, ${kind}, 'client', ${client.id}, ${payload}::jsonb, clock_timestamp())`.execute(db);

const dropMessages = ({ db }: RaceWorld, { id }: Racing) =>
  sql`delete from message where appointment_id = ${id} and handled_at is null`.execute(db);

const stuck = (deadline: string) => ({ kind: 'deadline_passed' as const, detail: { deadline } });

/** Commits of the appointments listed in `refused_commit` fail for ever, whatever they would write. */
export async function refuseCommits(db: Db, ids: readonly string[]): Promise<void> {
  await sql`create table if not exists refused_commit (id uuid primary key)`.execute(db);
  await sql`
    create or replace function refuse_commit() returns trigger language plpgsql as $$
    begin
      if new.version <> old.version and exists (select 1 from refused_commit where id = old.id)
      then raise exception 'no commit of % ever succeeds', old.id; end if;
      return new;
    end $$`.execute(db);
  await sql`create or replace trigger refuse_commit before update on appointment for each row execute function refuse_commit()`.execute(
    db,
  );
  await sql`insert into refused_commit values ${sql.join(ids.map((id) => sql`(${id}::uuid)`))}`.execute(db);
}

export const allowCommits = (db: Db) => sql`truncate refused_commit`.execute(db);

/** A signal whose payload no converter reads: the workflow's task fails as often as it is tried. */
async function signalGarbage({ temporal }: RaceWorld, { id }: Racing): Promise<void> {
  const encoding = Buffer.from('json/plain');
  await temporal.workflowService.signalWorkflowExecution({
    namespace: temporal.options.namespace,
    workflowExecution: { workflowId: appointmentWorkflowId(id) },
    signalName: 'activate',
    input: { payloads: [{ metadata: { encoding }, data: Buffer.from('{ no json') }] },
  });
}

async function startAnew(world: RaceWorld, { id }: Racing): Promise<void> {
  await world.temporal.workflow.getHandle(appointmentWorkflowId(id)).terminate('a test');
  const { body } = await world.send(world.admin, 'POST', `/v1/admin/appointments/${id}/repair`, {});
  if (body['repaired'] !== true) throw new Error(`the repair of ${id} started no workflow`);
}

export const POISONS: Poison[] = [
  {
    name: 'a policy that is no object',
    spoil: ({ db }, racing) => setPolicy(db, racing, '"garbage"'),
    shows: stuck('reminder_due'),
    mend: copyPolicy,
  },
  {
    name: 'a policy without the length of its minute',
    spoil: ({ db }, racing) => setPolicy(db, racing, '{"openingMinutes": 5}'),
    shows: stuck('reminder_due'),
    mend: copyPolicy,
  },
  {
    name: 'a policy with a word for a number',
    spoil: ({ db }, { id }) =>
      sql`update appointment set policy = jsonb_set(policy, '{openingMinutes}', '"soon"') where id = ${id}`.execute(db),
    shows: stuck('reminder_due'),
    mend: copyPolicy,
  },
  {
    name: 'opened and not confirmed, a state in which nothing is due any more',
    spoil: ({ db }, { id }) =>
      sql`update appointment set reminded_at = now(), opened_at = now() where id = ${id}`.execute(db),
    shows: stuck('duration_over'),
    mend: ({ db }, { id }) => sql`update appointment set opened_at = null where id = ${id}`.execute(db),
  },
  {
    name: 'a message of an unknown kind',
    spoil: ({ db }, racing) => storeRaw(db, racing, 'frobnicate', '{}'),
    shows: { kind: 'message_unhandled', detail: { message: 'frobnicate' } },
    mend: dropMessages,
  },
  {
    name: 'a message whose payload is null',
    spoil: ({ db }, racing) => storeRaw(db, racing, 'cancel', 'null'),
    shows: { kind: 'message_unhandled', detail: { message: 'cancel' } },
    mend: dropMessages,
  },
  {
    name: 'a commit that always fails',
    spoil: ({ db }, { id }) => refuseCommits(db, [id]),
    shows: stuck('reminder_due'),
    mend: ({ db }) => allowCommits(db),
  },
  {
    name: 'a workflow whose task always fails',
    spoil: signalGarbage,
    shows: stuck('reminder_due'),
    mend: startAnew,
  },
];

/** A notice that was tried seven times: the next failure is final. */
const noticeOf = (db: Db, { id, client }: Racing, kind: string, role: string) =>
  sql`
    insert into notification
      (appointment_id, schedule_version, kind, recipient_id, recipient_role, channel, not_before, next_attempt_at, attempts)
    values (${id}, 99, ${kind}, ${client.id}, ${role}, 'email', now(), now(), 7)`.execute(db);

/** What is wrong with one notice alone: the appointment itself lives on, and nobody else waits. */
export const POISONED_EFFECTS: Poison[] = [
  {
    name: 'an address that is none',
    spoil: ({ db }, { client }) =>
      db
        .updateTable('person')
        .set({ email: encryptField(db, 'person.email', client.id, 'not an address') })
        .where('id', '=', client.id)
        .execute(),
    shows: { kind: 'notification_failed', detail: { channel: 'email' } },
    mend: () => Promise.resolve(),
  },
  {
    name: 'a notice of an unknown kind to an unknown role',
    spoil: ({ db }, racing) => noticeOf(db, racing, 'frobnicated', 'ghost'),
    shows: { kind: 'notification_failed', detail: { notification: 'frobnicated' } },
    mend: () => Promise.resolve(),
  },
];

/** A minute later, as far as this appointment is concerned: what is stuck shows by then. */
export const aMinuteLater = ({ db }: RaceWorld, { id }: Racing) => passTime(db, id, 61_000);

/** A name that the vendor refuses for ever: it is too long. */
export const refuseRoom = ({ db }: RaceWorld, { id }: Racing) =>
  sql`update appointment set meeting_id = ${'x'.repeat(200)} where id = ${id}`.execute(db);

export const allowRoom = ({ db }: RaceWorld, { id }: Racing) =>
  sql`update appointment set meeting_id = id::text where id = ${id}`.execute(db);

/** The relay's next try comes now. */
export const tryRoomNow = ({ db }: RaceWorld, { id }: Racing) =>
  sql`update room set next_attempt_at = clock_timestamp() where appointment_id = ${id}`.execute(db);
