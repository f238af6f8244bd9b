import type { Context, MiddlewareHandler, Next } from 'hono';
import type { AppointmentRecord } from '../domain/record.js';
import { type Participant, type Role, ROLES } from '../domain/types.js';
import { Problem } from './errors.js';
import type { Reader } from './present.js';
import type { ApiEnv } from './services.js';

/** What a service token may be given; each names a group of routes. */
export const SCOPES = [
  'appointments:read',
  'appointments:write',
  'money:read',
  'money:write',
  'admin:read',
  'admin:write',
] as const;
export type Scope = (typeof SCOPES)[number];
export const isScope = (text: string): text is Scope => (SCOPES as readonly string[]).includes(text);

/** Whose things a role reaches: its own, everybody's, or (null) none. Somebody else's is then not there: 404. */
type Reach = 'own' | 'any' | null;

/** Reach of each role, and the scope by which a service token (an admin otherwise) may; null: none may, `any`: each. */
interface Rule {
  client: Reach;
  therapist: Reach;
  admin: Reach;
  scope: Scope | 'any' | null;
}

const rule = (client: Reach, therapist: Reach, admin: Reach, scope: Rule['scope']): Rule => ({
  client,
  therapist,
  admin,
  scope,
});

/** Who may do what to which appointment, and to what else. The one place; api/access.pg.test.ts walks every route by it. */
const RULES = {
  //                         client, therapist, admin, service tokens with
  see_self: rule('own', 'own', 'own', 'any'),
  change_self: rule('own', 'own', 'own', null),
  export_self: rule('own', 'own', 'own', null),
  erase_self: rule('own', 'own', 'own', null),
  read_notifications: rule('own', 'own', 'own', null),
  download_calendar: rule('own', 'own', null, null),
  keep_feed: rule('own', 'own', 'own', null),
  see_therapists: rule('any', 'any', 'any', 'appointments:read'),
  keep_availability: rule(null, 'own', null, null),

  book: rule('own', null, null, null),
  see_appointment: rule('own', 'own', 'any', 'appointments:read'),
  listen: rule('own', 'own', 'any', 'appointments:read'),
  see_refused_messages: rule(null, null, 'any', 'appointments:read'),
  pay: rule('own', null, null, null),
  attend: rule('own', 'own', null, null),
  cancel: rule('own', 'own', 'any', 'appointments:write'),
  choose_where_refund_goes: rule('own', null, null, null),
  reschedule: rule('own', null, 'any', 'appointments:write'),
  extend: rule(null, 'own', 'any', 'appointments:write'),
  review: rule('own', null, null, null),
  activate: rule(null, null, 'any', 'appointments:write'),
  deactivate: rule(null, null, 'any', 'appointments:write'),
  force_confirm: rule(null, null, 'any', 'appointments:write'),
  repair: rule(null, null, 'any', 'admin:write'),

  use_wallet: rule('own', null, null, null),
  see_earnings: rule(null, 'own', null, null),
  see_money: rule(null, null, 'any', 'money:read'),
  move_money: rule(null, null, 'any', 'money:write'),
  see_audit: rule(null, null, 'any', 'admin:read'),
  // A person’s whole data, and histories in clear: for people, never for a service token.
  export_person: rule(null, null, 'any', null),
  erase_person: rule(null, null, 'any', null),
  decode_payloads: rule(null, null, 'any', null),
  see_operations: rule(null, null, 'any', 'admin:read'),
  run_operations: rule(null, null, 'any', 'admin:write'),
  // Never by a service token: it could give itself what it was not given.
  keep_service_tokens: rule(null, null, 'any', null),
  // Nor these: whatever happens is sent there.
  keep_webhooks: rule(null, null, 'any', null),
} as const satisfies Record<string, Rule>;

export type Act = keyof typeof RULES;

/** In which roles somebody may, and with which scope a service token; for the document. */
export function whoMay(act: Act): { roles: Role[]; scope: Rule['scope'] } {
  const { scope, ...reaches } = RULES[act];
  return { roles: ROLES.filter((role) => reaches[role] !== null), scope };
}

/** What lets somebody in: a token of a person, a session of the web app, a service token with its scopes, or a stream's ticket. */
export interface Credential {
  kind: 'bearer' | 'session' | 'service' | 'ticket';
  /** Null: whatever the role may. */
  scopes: readonly Scope[] | null;
  /** Looks at the database anew with the next request. */
  forget(): void;
  /** Asked by what goes on after its request: whether the same person would still be let in. */
  stands?(): Promise<boolean>;
  /** Of a session: its row. */
  sessionId?: string;
  /** Of a bearer token: when it expires. */
  goodUntil?(): Date;
}

/** True when this role may do it to something at all. */
export function mayEver({ role }: Reader, act: Act): boolean {
  return RULES[act][role] !== null;
}

function assertScope({ scopes }: Credential, scope: Rule['scope']): void {
  if (scopes === null || scope === 'any') return;
  if (scope === null) throw new Problem('forbidden');
  if (!scopes.includes(scope)) throw new Problem('scope_missing', { facts: { scope } });
}

/** A change is written down before it is begun, an admin's look before its answer leaves. */
async function audited(c: Context<ApiEnv>, act: Act, next: Next): Promise<void> {
  const auditor = c.get('auditor');
  await auditor.changing(c, act);
  await next();
  await auditor.reading(c, act);
}

/** Refuses whoever may never do this, before the request is looked at, so that others learn nothing about it. */
export function allow(act: Act): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    if (!mayEver(c.get('caller'), act)) throw new Problem('forbidden');
    assertScope(c.get('credential'), RULES[act].scope);
    c.set('act', act);
    await audited(c, act, next);
  };
}

type Parties = Pick<AppointmentRecord, 'clientId' | 'therapistId' | 'activatedAt'>;

/** Whose appointment it is: a client's from the booking on, a therapist's from the activation on. */
function isOwn({ id, role }: Reader, { clientId, therapistId, activatedAt }: Parties): boolean {
  switch (role) {
    case 'client':
      return clientId === id;
    case 'therapist':
      return therapistId === id && activatedAt !== null;
    case 'admin':
      return false;
  }
}

/** The decision for one appointment. db/lists.ts selects by the same rule, so that others' are not even read. */
export function mayTouch(reader: Reader, act: Act, appointment: Parties): boolean {
  const reach: Reach = RULES[act][reader.role];
  return reach === 'any' || (reach === 'own' && isOwn(reader, appointment));
}

/** The side on which somebody attends. @throws Problem `forbidden` for who never does */
export function participantOf({ role }: Reader): Participant {
  if (role === 'admin') throw new Problem('forbidden');
  return role;
}
