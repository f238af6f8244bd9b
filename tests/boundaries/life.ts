import { randomUUID } from 'node:crypto';
import type { Policy } from '../../domain/policy.js';
import type { SessionMode } from '../../domain/types.js';
import { makeClient, makePerson, makeTherapist, type TestPerson } from '../support/people.js';
import * as steps from '../support/steps.js';
import { appointmentWorkflowId } from '../../workflows/messages.js';
import { phoneColumns } from '../../db/people.js';
import type { GatedWorld } from './gated-world.js';
import type { Marks, Place } from './places.js';

/** What a life must have become in the end, whatever was killed on its way. */
export interface Expected {
  /** What the workflow returns. */
  result: object;
  /** The timeline's kinds in their order; two joins count as they come. */
  timeline?: readonly string[];
  /** What the client's wallet holds, minor units, nothing of it held. */
  wallet?: number;
  /** What the therapist has earned, minor units. */
  earned?: number;
  /** The kinds of its notifications. */
  told?: readonly string[];
  /** What must have been done at a vendor exactly once, by its name: how often it was. */
  effects?: Record<string, () => Promise<number>>;
}

/** A life that stands right before the transition. */
export interface Prepared {
  marks: Marks;
  /** True where the workflow is not there yet. */
  isNew?: boolean;
  /** Makes it happen; the clock's own transitions need nothing. */
  happen?: () => Promise<unknown>;
  /** What people do after the kill, whether a worker is there or not. */
  after?: () => Promise<unknown>;
  /** The appointment, where there is one. */
  appointmentId?: string;
  parties?: Parties;
  expected: Expected;
}

export interface Parties {
  client: TestPerson;
  therapist: TestPerson;
}

/**
 * How a transition has to do with a relay. One that stands at it stops all that this relay has to do, so nobody else
 * may need the relay for that kill; those that are due on the same instant are taken together.
 */
export interface RelayUse {
  name: 'messages' | 'refunds' | 'payouts' | 'rooms' | 'sms' | 'mail';
  stands: 'alone' | 'together' | 'no';
}

/** What happens to a life, and where it can be killed. */
export interface Transition {
  name: string;
  places: readonly Place[];
  relay?: RelayUse;
  /** Brings a life to right before the moment `at`, epoch ms, at which it happens. */
  prepare: (world: GatedWorld, at: number) => Promise<Prepared>;
}

/** A policy minute, milliseconds, unless a transition says otherwise. */
export const MINUTE_MS = 400;

/** T-15 near the start, so that there is time before it; time to pay for slow machines; wake-ups on the instant. */
const POLICY = { minuteMs: MINUTE_MS, reminderMinutes: 12, paymentWindowMinutes: 150, wakeSpreadMs: 0 };

let people = 0;

/** Two people of one life only, each with a telephone of their own, so that every SMS can be told from the others. */
export async function makeParties({ db }: GatedWorld, policy: Partial<Policy> = {}): Promise<Parties> {
  const client = await makeClient(db);
  const therapist = await makeTherapist(db, { ...POLICY, ...policy });
  for (const { id } of [client, therapist]) {
    people += 1;
    const phone = `+1555${String(people).padStart(7, '0')}`;
    await db
      .updateTable('person')
      .set(phoneColumns(db, id, phone))
      .where('id', '=', id)
      .execute();
  }
  return { client, therapist };
}

/** The one admin of a run. */
export async function adminOf({ db }: Pick<GatedWorld, 'db'>): Promise<TestPerson> {
  const found = await db.selectFrom('person').where('role', '=', 'admin').select(['id', 'subject']).executeTakeFirst();
  return found ?? makePerson(db, 'admin');
}

export interface LifeOptions {
  /** When it starts, epoch ms. */
  startsAt: number;
  policy?: Partial<Policy>;
  durationMinutes?: number;
  sessionMode?: SessionMode;
}

export interface Begun {
  id: string;
  parties: Parties;
  marks: Marks;
}

/** Marks of an appointment whose transition writes this kind into the timeline. */
export function marksOf(id: string, { client }: Parties, kind: string): Marks {
  return { workflowId: appointmentWorkflowId(id), keys: [id, client.id], kind };
}

/** Everything before T-15, or it would be another story that is told of this life. @throws Error on a slow machine */
async function mustBeEarly(world: GatedWorld, id: string): Promise<void> {
  if ((await steps.stored(world, id)).remindedAt !== null) throw new Error('was too late for T-15');
}

/** Booked, and so far that its worker is at rest. */
export async function booked(world: GatedWorld, options: LifeOptions): Promise<Begun> {
  const { startsAt, policy, durationMinutes = 10, sessionMode = 'chat' } = options;
  const parties = await makeParties(world, policy);
  const appointmentId = randomUUID();
  const inMs = startsAt - Date.now();
  const id = await steps.book(world, { ...parties, inMs, durationMinutes, sessionMode, appointmentId });
  await mustBeEarly(world, id);
  return { id, parties, marks: marksOf(id, parties, 'booked') };
}

export async function paid(world: GatedWorld, options: LifeOptions): Promise<Begun> {
  const begun = await booked(world, options);
  await steps.payFromWallet(world, begun.id);
  await steps.until('paid', async () => (await steps.stored(world, begun.id)).paidAt !== null);
  await mustBeEarly(world, begun.id);
  return begun;
}

export async function activated(world: GatedWorld, options: LifeOptions): Promise<Begun> {
  const begun = await paid(world, options);
  await steps.activate(world, begun.id, await adminOf(world));
  await steps.until('activated', async () => (await steps.stored(world, begun.id)).activatedAt !== null);
  await mustBeEarly(world, begun.id);
  return begun;
}

/** Open for joining. */
export async function opened(world: GatedWorld, options: LifeOptions): Promise<Begun> {
  const begun = await activated(world, options);
  const isOpen = async () => (await steps.stored(world, begun.id)).status === 'confirmed';
  await steps.until('open', isOpen, Math.max(2_000, options.startsAt + 1_500 - Date.now()));
  return begun;
}

/** Under way, with both in the conversation. */
export async function underWay(world: GatedWorld, options: LifeOptions): Promise<Begun> {
  const begun = await opened(world, options);
  const { id, parties } = begun;
  await steps.join(world, id, 'client', parties.client);
  await steps.join(world, id, 'therapist', parties.therapist);
  await steps.until(
    'under way',
    async () => (await steps.timelineOf(world, id)).filter((k) => k === 'join').length === 2,
  );
  return begun;
}

/** Waits until nothing of the workflow's is under way: what comes next is the transition's own. */
export async function atRest(world: GatedWorld, { workflowId }: Marks): Promise<void> {
  const handle = world.temporal.workflow.getHandle(workflowId);
  const busy = async () => {
    const { raw } = await handle.describe();
    return raw.pendingWorkflowTask != null || (raw.pendingActivities ?? []).length > 0;
  };
  await steps.until('at rest', async () => !(await busy()), 5_000);
}
