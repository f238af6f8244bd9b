import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { makeParties, type Parties } from '../tests/support/appointments.js';
import { useTestDatabase } from '../tests/support/test-db.js';
import { storeTicket } from './event-tickets.js';
import { claimRequest } from './idempotency.js';
import { makeCode } from './phones.js';
import { pruneOld } from './prune.js';
import { keepSignIn } from './sign-ins.js';
import { openSession } from './web-sessions.js';
import { makeEndpoint } from './webhook-endpoints.js';

const db = useTestDatabase();

async function leaveDelivery({ admin }: Parties, messageId: string): Promise<void> {
  const id = randomUUID();
  await makeEndpoint(db(), {
    id,
    url: 'https://a.test',
    types: [],
    description: null,
    secret: 's',
    createdBy: admin.id,
  });
  await db()
    .insertInto('webhookDelivery')
    .values({ endpointId: id, messageId, type: 't', appointmentId: null, body: '{}', status: 'delivered' })
    .execute();
}

/** What leaves a row, the column it is found by, and the one by whose time it is over after how long. */
const KINDS = {
  sign_in: {
    by: 'secret_hash',
    leave: (_: Parties, name: string) =>
      keepSignIn(db(), name, { state: 's', nonce: 'n', codeVerifier: 'v', returnTo: '/' }),
    time: 'expires_at',
    kept: '0 minutes',
  },
  event_ticket: {
    by: 'hash',
    leave: ({ client }: Parties, name: string) =>
      storeTicket(db(), name, client.id, { sessionId: null, goodUntil: null }),
    time: 'expires_at',
    kept: '0 minutes',
  },
  phone_code: {
    by: 'code_hash',
    leave: ({ client }: Parties, name: string) =>
      makeCode(db(), { id: randomUUID(), personId: client.id, phone: `+1${name}`, codeHash: name }),
    time: 'created_at',
    kept: '24 hours',
  },
  web_session: {
    by: 'secret_hash',
    leave: ({ client }: Parties, secretHash: string) =>
      openSession(db(), { secretHash, personId: client.id, replaces: null }, { longestMs: 1, idleMs: 1 }),
    time: 'expires_at',
    kept: '30 days',
  },
  idempotency_key: {
    by: 'key',
    leave: ({ client }: Parties, key: string) => claimRequest(db(), { caller: client.id, route: 'r', key }, 'hash'),
    time: 'created_at',
    kept: '24 hours',
  },
  webhook_delivery: { by: 'message_id', leave: leaveDelivery, time: 'created_at', kept: '30 days' },
};

test.each(Object.entries(KINDS))('%s: what is over is taken out, what is young stays', async (table, kind) => {
  const name = { young: String(Math.trunc(Math.random() * 1e9)), old: String(Math.trunc(Math.random() * 1e9)) };
  for (const [age, minutes] of [
    ['young', 1],
    ['old', -1],
  ] as const) {
    await kind.leave(await makeParties(db()), name[age]);
    await sql`
      update ${sql.table(table)} set ${sql.ref(kind.time)} = clock_timestamp() - ${kind.kept}::interval
        + ${minutes} * interval '1 minute' where ${sql.ref(kind.by)} = ${name[age]}`.execute(db());
  }
  expect(await pruneOld(db())).toBe(1);
  const { rows } = await sql<{ name: string }>`
    select ${sql.ref(kind.by)} as name from ${sql.table(table)} where ${sql.ref(kind.by)} in (${name.young}, ${name.old})`.execute(
    db(),
  );
  expect(rows).toEqual([{ name: name.young }]);
  expect(await pruneOld(db())).toBe(0);
});
