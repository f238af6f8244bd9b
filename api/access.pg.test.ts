import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readAppointment } from '../db/lists.js';
import { makeServiceToken } from '../db/service-tokens.js';
import { ROLES, type Role } from '../domain/types.js';
import { makeParties, type Parties } from '../tests/support/appointments.js';
import { mayTouch, type Scope, SCOPES } from './access.js';
import { hashOfSecret, randomSecret } from './secrets.js';
import { type ObjectName, OBJECTS } from './test-access-objects.js';
import { paid } from './test-lives.js';
import { type Cell, type Row, TABLE, type Verdict } from './test-access-table.js';
import { type ApiWorld, createApiWorld } from './test-world.js';

/**
 * Every route of the OpenAPI document, asked by nobody, each role and service tokens, about what is theirs, somebody
 * else's and not there, and compared with api/test-access-table.ts. How to add a row is said there.
 */

let world: ApiWorld;
let owners: Parties;
let strangers: Parties;
beforeAll(async () => {
  world = await createApiWorld();
  owners = world.parties;
  strangers = await makeParties(world.db);
});
afterAll(() => world.close());

async function documentedRoutes(): Promise<string[]> {
  const { body } = await world.send(null, '/openapi.json');
  const paths = body['paths'] as Record<string, Record<string, unknown>>;
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
}

test('every route has a row, and every row a route', async () => {
  const routes = await documentedRoutes();
  const complaints = [
    ...routes
      .filter((route) => TABLE[route] === undefined)
      .map((route) => `${route} has no row in api/test-access-table.ts: add one that says who may use it.`),
    ...Object.keys(TABLE)
      .filter((route) => !routes.includes(route))
      .map((route) => `${route} is no route any more: take its row out of api/test-access-table.ts.`),
  ];
  expect(complaints).toEqual([]);
});

/** Made once for each kind, role and side; what a route does to it changes no verdict. */
const made = new Map<string, Promise<string>>();
function objectOf(name: ObjectName, role: Role, parties: Parties): Promise<string> {
  const key = `${name} ${parties[role].id}`;
  const found = made.get(key) ?? OBJECTS[name]({ db: world.db, role, parties });
  made.set(key, found);
  return found;
}

async function serviceWith(scopes: readonly Scope[]): Promise<string> {
  const token = `pst_${randomSecret()}`;
  const expiresAt = new Date(Date.now() + 3_600_000);
  const secretHash = hashOfSecret(token);
  await makeServiceToken(world.db, {
    id: randomUUID(),
    name: 'Walker',
    scopes,
    secretHash,
    createdBy: owners.admin.id,
    expiresAt,
  });
  return token;
}

interface Asked {
  token: string | null;
  id: string;
}

/** The answer's status and code; the body is not waited for: a stream of events has no end. */
async function ask(route: string, { send, query = '' }: Row, { token, id }: Asked) {
  const [method, pattern] = route.split(' ') as [string, string];
  const hasBody = !['GET', 'DELETE'].includes(method);
  const response = await fetch(world.url + pattern.replaceAll(/\{\w+\}/g, id) + query, {
    method,
    redirect: 'manual',
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(hasBody ? { 'content-type': 'application/json', 'idempotency-key': randomUUID() } : {}),
    },
    ...(hasBody ? { body: JSON.stringify(send ?? {}) } : {}),
  });
  const isProblem = response.headers.get('content-type') === 'application/problem+json';
  const code = isProblem ? ((await response.json()) as { code: string }).code : null;
  if (!isProblem) await response.body?.cancel();
  return { status: response.status, code };
}

/** 401, 403 and 404 speak for themselves; a failure of ours, or a body that hid the verdict, fails the test. */
function verdictOf({ status, code }: Awaited<ReturnType<typeof ask>>, row: Row): string | number {
  if (status === 403 || status === 404) return status;
  const hidden = 'object' in row && status === 422 && code === 'invalid_request';
  return status === 401 || status === 500 || hidden ? `${status} ${code}` : 'in';
}

async function check(route: string, row: Row, asked: Asked, expected: Verdict, who: string): Promise<void> {
  const answer = await ask(route, row, asked);
  expect(verdictOf(answer, row), `${route} by ${who} (${answer.status} ${answer.code})`).toBe(expected);
}

async function checkRole(route: string, row: Exclude<Row, { open: true }>, role: Role, as: string | null) {
  const token = as ?? (await world.tokenOf(owners[role].subject));
  const cell: Cell = row[role] ?? 403;
  const who = as === null ? role : 'a service token';
  const { object } = row;
  if (object === undefined) {
    if (typeof cell === 'object') throw new Error(`${route}: three verdicts need an object`);
    return check(route, row, { token, id: randomUUID() }, cell, who);
  }
  const [own, other, absent] = typeof cell === 'object' ? cell : ([cell, cell, cell] as const);
  await Promise.all([
    check(route, row, { token, id: randomUUID() }, absent, `${who}, about nothing`),
    check(route, row, { token, id: 'no-id-of-ours' }, absent, `${who}, about nonsense`),
    check(route, row, { token, id: await objectOf(object, role, strangers) }, other, `${who}, about another's`),
    check(route, row, { token, id: await objectOf(object, role, owners) }, own, `${who}, about their own`),
  ]);
}

test('the query that reads an appointment selects by the same rule as the table, before and after the activation', async () => {
  const parties = await makeParties(world.db);
  const id = await paid({ db: world.db, parties });
  const people = ROLES.flatMap((role) => [parties, strangers].map((of) => ({ role, id: of[role].id })));
  for (const activation of [null, new Date()]) {
    await world.db.updateTable('appointment').set({ activatedAt: activation }).where('id', '=', id).execute();
    const { record } = (await readAppointment(world.db, { role: 'admin', id: parties.admin.id }, id))!;
    for (const person of people) {
      const isRead = (await readAppointment(world.db, person, id)) !== null;
      expect(mayTouch(person, 'see_appointment', record), JSON.stringify({ ...person, activation })).toBe(isRead);
      const isTheirs = person.id === parties[person.role].id && (person.role === 'client' || activation !== null);
      expect(isRead).toBe(person.role === 'admin' || isTheirs);
    }
  }
});

describe.concurrent('who gets how far:', () => {
  test.each(Object.entries(TABLE))('%s', { timeout: 60_000 }, async (route, row) => {
    const id = randomUUID();
    const { status, code } = await ask(route, row, { token: null, id });
    if ('open' in row) {
      expect([401, 403, 500], `${route} by nobody (${code})`).not.toContain(status);
      return;
    }
    expect({ status, code }, `${route} by nobody`).toEqual({ status: 401, code: 'token_missing' });
    for (const role of ROLES) await checkRole(route, row, role, null);
    const { scope } = row;
    if (scope !== null) {
      await checkRole(route, row, 'admin', await serviceWith(scope === 'any' ? ['admin:read'] : [scope]));
    }
    if (scope !== 'any') {
      const others = await serviceWith(SCOPES.filter((one) => one !== scope));
      const refused = await ask(route, row, { token: others, id });
      const expected = scope === null ? 'forbidden' : 'scope_missing';
      expect(refused, `${route} by a service token without its scope`).toEqual({ status: 403, code: expected });
    }
  });
});
