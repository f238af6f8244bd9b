import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { oidcCredentials } from '../sandbox/credentials.js';
import { insertPerson } from '../db/people.js';
import { Callers } from './callers.js';
import type { Problem } from './errors.js';
import { createTokenVerifier } from './token-verifier.js';
import { booked } from './test-lives.js';
import { type ApiWorld, createApiWorld } from './test-world.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

const asBearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

test('whoever the issuer vouches for and the database knows is let in, with the role of the row', async () => {
  const { client, therapist, admin } = world.parties;
  expect((await world.send(client, '/v1/me')).body).toMatchObject({
    id: client.id,
    roles: ['client'],
    name: 'Test client',
    locale: 'en',
    timeZone: 'UTC',
  });
  expect((await world.send(therapist, '/v1/me')).body['roles']).toEqual(['therapist']);
  expect((await world.send(admin, '/v1/me')).body['roles']).toEqual(['admin']);
});

describe('refuses with 401 and says how to sign in', () => {
  test('no token', async () => {
    const answer = await world.send(null, '/v1/me');
    expect(answer).toMatchObject({
      status: 401,
      body: { code: 'token_missing', remedy: expect.stringContaining('Bearer') as string },
    });
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
  });

  test.each(['Bearer', 'Bearer ', 'Basic YTpi', 'Bearer a b', 'Bearer x.y.z', 'Bearer eyJhbGciOiJub25lIn0.e30.'])(
    '%j',
    async (authorization) => {
      const answer = await world.send(null, '/v1/me', { headers: { authorization } });
      expect(answer).toMatchObject({ status: 401, body: { code: 'token_invalid' } });
    },
  );

  test('a token that somebody else signed, or that is changed', async () => {
    const { privateKey } = await generateKeyPair('RS256');
    const { sub } = JSON.parse(
      Buffer.from((await world.tokenOf(world.parties.admin.subject)).split('.')[1]!, 'base64url').toString(),
    ) as { sub: string };
    const forged = await new SignJWT({ sub })
      .setProtectedHeader({ alg: 'RS256', kid: 'other' })
      .setIssuer(`${world.sandbox.url}/oidc`)
      .setAudience(oidcCredentials.audience)
      .setExpirationTime('1h')
      .sign(privateKey);
    expect(await world.send(null, '/v1/me', asBearer(forged))).toMatchObject({
      status: 401,
      body: { code: 'token_invalid' },
    });
    const [head, , signature] = (await world.tokenOf(world.parties.client.subject)).split('.');
    const changed = [head, Buffer.from(JSON.stringify({ sub })).toString('base64url'), signature].join('.');
    expect(await world.send(null, '/v1/me', asBearer(changed))).toMatchObject({
      status: 401,
      body: { code: 'token_invalid' },
    });
  });
});

test('a stranger with a good token is 403, with what to do', async () => {
  const answer = await world.send({ id: '', subject: 'stranger' }, '/v1/me');
  expect(answer).toMatchObject({
    status: 403,
    body: { code: 'unknown_person', remedy: 'Ask an admin to register you.' },
  });
});

test('a role that may never use a route gets 403, before its request is looked at', async () => {
  const { client, therapist, admin } = world.parties;
  const id = await booked(world);
  const cases = [
    [therapist, 'POST', '/v1/appointments'],
    [admin, 'POST', '/v1/appointments'],
    [therapist, 'POST', `/v1/appointments/${id}/payments`],
    [client, 'POST', `/v1/appointments/${id}/activate`],
    [therapist, 'POST', `/v1/appointments/${id}/force-confirm`],
    [client, 'POST', `/v1/admin/appointments/${id}/repair`],
    [admin, 'POST', `/v1/appointments/${id}/join`],
    [admin, 'POST', `/v1/appointments/${id}/end`],
    [therapist, 'GET', '/v1/wallets'],
    [client, 'GET', '/v1/earnings'],
  ] as const;
  for (const [person, method, path] of cases) {
    const answer = await world.send(person, path, { method });
    expect(answer, `${person.subject} ${method} ${path}`).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  }
});

test('a role that was changed counts within seconds, and somebody who was just registered at once', async () => {
  const someone = { id: '', subject: `newcomer-${randomUUID()}` };
  const rolesNow = async () => (await world.send(someone, '/v1/me')).body['roles'];
  expect(await rolesNow()).toBeUndefined();
  const row = { subject: someone.subject, role: 'admin', name: 'New', email: 'new@example.test' } as const;
  await insertPerson(world.db, row);
  expect(await rolesNow()).toEqual(['admin']);
  await world.db.updateTable('person').set({ role: 'client' }).where('subject', '=', someone.subject).execute();
  const attention = async () => (await world.send(someone, '/v1/admin/attention')).status;
  await expect.poll(attention, { timeout: 4_000 }).toBe(403);
  expect(await rolesNow()).toEqual(['client']);
});

test('many requests of one person at once are all answered, and one failed look at the database stops no later one', async () => {
  const { client } = world.parties;
  const answers = await Promise.all(Array.from({ length: 50 }, () => world.send(client, '/v1/me')));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  const callers = new Callers(world.db);
  await sql`alter table person rename to person_away`.execute(world.db);
  await expect(callers.people.find(client.subject)).rejects.toThrow(/does not exist/);
  await sql`alter table person_away rename to person`.execute(world.db);
  expect(await callers.people.find(client.subject)).toMatchObject({ id: client.id });
});

describe('the verifier', () => {
  test('tells an expired token and another audience from a good one', async () => {
    const token = await world.tokenOf('anybody');
    const issuer = `${world.sandbox.url}/oidc`;
    expect(await createTokenVerifier({ issuer, audience: oidcCredentials.audience })(token)).toBe('anybody');
    await expect(createTokenVerifier({ issuer, audience: 'another' })(token)).rejects.toMatchObject({
      code: 'token_invalid',
    });
  });

  test('an issuer that is away makes it unknown, not invalid; when it is back the same verifier works', async () => {
    const { createServer } = await import('node:http');
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256' };
    let isAway = true;
    let issuer = '';
    const server = createServer((request, response) => {
      if (isAway) return void response.writeHead(500).end();
      const body = request.url === '/jwks' ? { keys: [jwk] } : { issuer, jwks_uri: `${issuer}/jwks` };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      issuer = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
      const verify = createTokenVerifier({ issuer, audience: 'me' });
      const sign = (expires: string) =>
        new SignJWT({})
          .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
          .setSubject('sue')
          .setIssuer(issuer)
          .setAudience('me')
          .setExpirationTime(expires)
          .sign(privateKey);
      await expect(verify(await sign('1h'))).rejects.toMatchObject({ code: 'issuer_unavailable' });
      isAway = false;
      expect(await verify(await sign('1h'))).toBe('sue');
      await expect(verify(await sign('-1h'))).rejects.toMatchObject({ code: 'token_expired' });
      isAway = true;
      const known = await sign('-3s'); // within the tolerance for clocks that differ, for two seconds more
      expect(await verify(known)).toBe('sue');
      await expect
        .poll(() => verify(known).catch(({ code }: Problem) => code), { timeout: 5_000 })
        .toBe('token_expired');
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
