import { randomUUID } from 'node:crypto';
import type { Db } from '../db/database.js';
import { makeServiceToken } from '../db/service-tokens.js';
import { openSession } from '../db/web-sessions.js';
import { ROLES, type Role } from '../domain/types.js';
import { makeParties, type Parties } from '../tests/support/appointments.js';
import { hashOfSecret, randomSecret } from './secrets.js';
import { activated, booked } from './test-lives.js';

/** For tests only: things that a path's id can name. Each makes one of the person with this role, and says its id. */

export interface Owner {
  db: Db;
  role: Role;
  /** The person among others with whom the thing may be made. */
  parties: Parties;
}

const HOUR_MS = 3_600_000;

async function session({ db, role, parties }: Owner): Promise<string> {
  const secretHash = hashOfSecret(randomSecret());
  const limits = { longestMs: HOUR_MS, idleMs: HOUR_MS };
  await openSession(db, { secretHash, personId: parties[role].id, replaces: null }, limits);
  const { id } = await db
    .selectFrom('webSession')
    .where('secretHash', '=', secretHash)
    .select('id')
    .executeTakeFirstOrThrow();
  return id;
}

async function serviceToken({ db, parties }: Owner): Promise<string> {
  const { id } = await makeServiceToken(db, {
    id: randomUUID(),
    name: 'Test service',
    scopes: ['appointments:read'],
    secretHash: hashOfSecret(randomSecret()),
    createdBy: parties.admin.id,
    expiresAt: new Date(Date.now() + HOUR_MS),
  });
  return id;
}

/** An in-app message; its appointment is others', so that nobody has too many of their own. */
async function notification({ db, role, parties }: Owner): Promise<string> {
  const appointmentId = await booked({ db, parties: await makeParties(db) });
  const { id } = await db
    .insertInto('notification')
    .values({
      appointmentId,
      scheduleVersion: 1,
      kind: 'completed',
      template: 'completed',
      recipientId: parties[role].id,
      recipientRole: role,
      channel: 'in_app',
      status: 'sent',
      notBefore: new Date(),
      nextAttemptAt: new Date(),
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

export const OBJECTS = {
  /** Paid and activated: its therapist sees it, too. */
  appointment: (owner: Owner) => activated(owner, { inMs: (24 + 3 * ROLES.indexOf(owner.role)) * HOUR_MS }),
  therapist: ({ parties }: Owner) => Promise.resolve(parties.therapist.id),
  session,
  notification,
  service_token: serviceToken,
} satisfies Record<string, (owner: Owner) => Promise<string>>;

export type ObjectName = keyof typeof OBJECTS;
