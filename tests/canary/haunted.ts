import type { Db } from '../../db/database.js';
import { decryptField } from '../../db/field-encryption.js';
import { insertPerson, readContact } from '../../db/people.js';
import { grantPromotion } from '../../db/promotions.js';
import { defaultPolicy } from '../../domain/policy.js';
import type { Role } from '../../domain/types.js';
import { startApiChild } from '../support/api-child.js';
import { signIn } from '../support/sign-in.js';
import { startWorkerChild } from '../support/worker-child.js';
import { createWorld, type World } from '../support/world.js';

export const MINUTE_MS = 500;

/** Somebody all of whose data is marked; the marks say where one was found. */
export interface Marked {
  id: string;
  subject: string;
  name: string;
  email: string;
  phone: string;
}

/** Real processes on a world of their own, with marked people. */
export interface Haunted extends World {
  client: Marked;
  therapist: Marked;
  admin: Marked;
  /** Every mark that must be nowhere in clear. */
  marks: readonly string[];
  names: readonly string[];
  phones: readonly string[];
  /** Locale and zone: nobody's secret, yet no business of histories and logs. */
  settings: readonly string[];
  /** The marks of who has this address. */
  ownOf(email: string): string[];
  logs(): string[];
  send(person: Marked, method: string, path: string, body?: object): Promise<{ status: number; body: Answer }>;
  /** The marks as the service itself reads them: contact data, notes, reviews. */
  readBack(): Promise<string[]>;
}

export type Answer = Record<string, unknown>;

/** What callers write in free text, by where they write it. */
export const TEXTS = {
  cancel: 'grackle-cancel-reason',
  adminCancel: 'grackle-admin-cancel-reason',
  activate: 'grackle-activate-reason',
  refused: 'grackle-refused-reason',
  deactivate: 'grackle-deactivate-reason',
  force: 'grackle-force-reason',
  refund: 'grackle-refund-reason',
  review: 'grackle-review-text',
};
const [LOCALE, ZONE] = ['en-x-grackle', 'Antarctica/Troll'];

async function marked(db: Db, role: Role, digit: number): Promise<Marked> {
  const subject = `canary-subject-${digit}`;
  const contact = { name: `Grackle-${role}`, email: `grackle.${role}@example.test`, phone: `+1202555019${digit}` };
  const id = await insertPerson(db, { subject, role, ...contact, locale: LOCALE, timeZone: ZONE });
  return { id, subject, ...contact };
}

async function makePeople(db: Db): Promise<Record<Role, Marked>> {
  const [client, therapist, admin] = [
    await marked(db, 'client', 1),
    await marked(db, 'therapist', 2),
    await marked(db, 'admin', 3),
  ];
  await db
    .insertInto('therapist')
    .values({
      id: therapist.id,
      currency: 'INR',
      durationsMinutes: [10, 20],
      rates: JSON.stringify({ video: 6_000, audio: 6_000, chat: 6_000 }),
      policy: JSON.stringify({ ...defaultPolicy(MINUTE_MS), bufferMinutes: 1 }),
    })
    .execute();
  const grant = { idempotencyKey: 'canary', clientId: client.id, currency: 'INR', amountMinor: 100_000 };
  await db.transaction().execute((trx) => grantPromotion(trx, grant));
  return { client, therapist, admin };
}

async function readBack(db: Db, people: readonly Marked[]): Promise<string[]> {
  const contacts = await Promise.all(people.map(({ id }) => readContact(db, id)));
  const notes = await db.selectFrom('note').selectAll().execute();
  const reviews = await db.selectFrom('review').selectAll().execute();
  return [
    ...contacts.flatMap((contact) => Object.values(contact!) as string[]),
    ...new Set(notes.map(({ id, text }) => decryptField(db, 'note.text', id, text!))),
    ...reviews.map(({ appointmentId, text }) => decryptField(db, 'review.text', appointmentId, text!)),
  ].toSorted();
}

/** Brings it up: a worker and an API as processes, whose every line is kept. */
export async function startHaunted(temporalAddress: string, workflowBundle: string): Promise<Haunted> {
  const world = await createWorld();
  const { db, sandbox, databaseUrl, taskQueue } = world;
  const people = await makePeople(db);
  const lines: string[] = [];
  const site = { sandbox, databaseUrl, temporalAddress, taskQueue, publicUrl: 'http://127.0.0.1:9' };
  const options = { env: { LOG_LEVEL: 'debug' }, onLine: (line: string) => void lines.push(line) };
  const api = await startApiChild(site, options.env, options.onLine);
  const worker = await startWorkerChild({ ...site, workflowBundle, publicUrl: api.url }, options);
  sandbox.setDestinations({ stripe: `${api.url}/webhooks/stripe`, razorpay: `${api.url}/webhooks/razorpay` });
  const tokens = new Map<string, string>();
  const all = Object.values(people);
  const close = world.close.bind(world);
  let requests = 0;
  return Object.assign(world, {
    ...people,
    marks: [...all.flatMap(({ name, email, phone }) => [name, email, phone]), ...Object.values(TEXTS)],
    names: all.map(({ name }) => name),
    phones: all.map(({ phone }) => phone),
    settings: [LOCALE, ZONE],
    ownOf(address: string) {
      const own = all.find(({ email }) => email === address);
      return own === undefined ? [] : [own.name, own.email, own.phone];
    },
    logs: () => lines,
    async send(person: Marked, method: string, path: string, body?: object) {
      const token = tokens.get(person.subject) ?? (await signIn(`${sandbox.url}/oidc`, person.subject));
      tokens.set(person.subject, token);
      requests += 1;
      const headers = new Headers({ authorization: `Bearer ${token}`, 'idempotency-key': `canary-${requests}` });
      if (body !== undefined) headers.set('content-type', 'application/json');
      const sent = body === undefined ? {} : { body: JSON.stringify(body) };
      const answer = await fetch(api.url + path, { method, headers, ...sent });
      return { status: answer.status, body: (await answer.json()) as Answer };
    },
    readBack: () => readBack(db, all),
    async close() {
      await Promise.all([api.stop(), worker.stop()]);
      await close();
    },
  });
}
