import type { MiddlewareHandler } from 'hono';
import type { Db } from '../../db/database.js';
import { storeTicket, useTicket } from '../../db/event-tickets.js';
import { Problem } from '../errors.js';
import { hashOfSecret, randomSecret } from '../secrets.js';
import type { ApiEnv } from '../services.js';

const STREAM = /^\/v1\/(events|appointments\/[^/]+\/events)$/;

/** A ticket for one stream: 256 bits at random, of which only the hash is stored. */
export async function issueTicket(db: Db, personId: string): Promise<{ ticket: string; expiresAt: Date }> {
  const ticket = randomSecret();
  return { ticket, expiresAt: await storeTicket(db, hashOfSecret(ticket), personId) };
}

/** Lets a ticket stand in for other credentials where a stream is opened, and nowhere else. */
export function orByTicket(db: Db, authenticate: MiddlewareHandler<ApiEnv>): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const ticket = c.req.method === 'GET' && STREAM.test(c.req.path) ? c.req.query('ticket') : undefined;
    if (ticket === undefined) return authenticate(c, next);
    const person = await useTicket(db, hashOfSecret(ticket));
    if (person === null) throw new Problem('ticket_invalid');
    c.set('caller', person);
    c.set('credential', { kind: 'ticket', scopes: ['appointments:read'], forget: () => undefined });
    await next();
  };
}
