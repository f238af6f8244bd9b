import type { MiddlewareHandler } from 'hono';
import type { Db } from '../../db/database.js';
import { originStands, storeTicket, useTicket } from '../../db/event-tickets.js';
import type { Credential } from '../access.js';
import { Problem } from '../errors.js';
import { hashOfSecret, randomSecret } from '../secrets.js';
import type { ApiEnv } from '../services.js';

const STREAM = /^\/v1\/(events|appointments\/[^/]+\/events)$/;

/** A ticket for one stream: 256 bits at random, of which only the hash is stored. It ends with what it was asked for by. */
export async function issueTicket(
  db: Db,
  personId: string,
  { sessionId, goodUntil }: Pick<Credential, 'sessionId' | 'goodUntil'>,
): Promise<{ ticket: string; expiresAt: Date }> {
  const ticket = randomSecret();
  const origin = { sessionId: sessionId ?? null, goodUntil: goodUntil?.() ?? null };
  return { ticket, expiresAt: await storeTicket(db, hashOfSecret(ticket), personId, origin) };
}

/** Lets a ticket stand in for other credentials where a stream is opened, and nowhere else. */
export function orByTicket(db: Db, authenticate: MiddlewareHandler<ApiEnv>): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const ticket = c.req.method === 'GET' && STREAM.test(c.req.path) ? c.req.query('ticket') : undefined;
    if (ticket === undefined) return authenticate(c, next);
    const used = await useTicket(db, hashOfSecret(ticket));
    if (used === null) throw new Problem('ticket_invalid');
    const { person, origin } = used;
    // That the database is away says nothing against them.
    const stands = () => originStands(db, person, origin).catch(() => true);
    c.set('caller', person);
    c.set('credential', { kind: 'ticket', scopes: ['appointments:read'], forget: () => undefined, stands });
    await next();
  };
}
