import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { decryptField } from '../db/field-encryption.js';
import { oidcCredentials } from '../sandbox/credentials.js';
import { pruneOld } from '../db/prune.js';
import { makePerson } from '../tests/support/people.js';
import { hashOfSecret } from './secrets.js';
import { TestBrowser } from './test-browser.js';
import { startTestIssuer, type TestIssuer } from './test-issuer.js';
import { type ApiWorld, createApiWorld } from './test-world.js';

/** The web app's sign-in over HTTP: against the sandbox's issuer, and against one that does what none should. */

const client = { clientId: oidcCredentials.webClientId, clientSecret: null, scopes: 'openid profile email' };

async function codeOf(answer: Response): Promise<string> {
  return ((await answer.json()) as { code: string }).code;
}

describe('at the sandbox’s issuer', () => {
  let world: ApiWorld;
  let browser: TestBrowser;
  beforeAll(async () => {
    world = await createApiWorld({ settings: { signIn: { ...client, signUp: 'open' } } });
  });
  afterAll(() => world.close());
  beforeEach(() => {
    browser = new TestBrowser();
  });

  /** By the issuer's page to where the sign-in leads. */
  async function signIn(name: string, returnTo = '/v1/me'): Promise<{ url: string; answer: Response }> {
    const page = await browser.visit(`${world.url}/auth/login?returnTo=${encodeURIComponent(returnTo)}`);
    expect(await page.answer.text()).toContain('Sign-in name');
    return browser.visit(page.url, { method: 'POST', form: { sign_in: name } });
  }

  const ours = () => ({ origin: world.url });
  const me = async () => (await browser.request(`${world.url}/v1/me`)).status;

  test('leads somebody known from a page back to that page, signed in', async () => {
    const { url, answer } = await signIn(world.parties.therapist.subject, '/v1/me?tab=1');
    expect(url).toBe(`${world.url}/v1/me?tab=1`);
    expect(await answer.json()).toMatchObject({ id: world.parties.therapist.id, roles: ['therapist'] });
  });

  test('its cookie is out of reach for scripts and other sites; of its secret only the hash is kept', async () => {
    const page = await browser.visit(`${world.url}/auth/login`);
    const sent = await browser.request(page.url, { method: 'POST', form: { sign_in: world.parties.client.subject } });
    const back = new URL(sent.headers.get('location')!, page.url).href;
    const resumed = await browser.request(back);
    const answer = await browser.request(resumed.headers.get('location')!);
    const cookie = answer.headers.getSetCookie().find((text) => text.startsWith('punctual='))!;
    expect(cookie).toMatch(/^punctual=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Lax$/);
    const secret = browser.cookies.get('punctual')!;
    const rows = await world.db.selectFrom('webSession').selectAll().execute();
    expect(rows.map(({ secretHash }) => secretHash)).toContain(hashOfSecret(secret));
    expect(JSON.stringify(rows)).not.toContain(secret);
  });

  test('somebody new becomes a client with what the issuer vouches for; their bearer token alone makes nobody', async () => {
    const subject = `newcomer-${Date.now()}`;
    expect((await world.send({ id: '', subject }, '/v1/me')).body['code']).toBe('unknown_person');
    const { answer } = await signIn(subject);
    expect(await answer.json()).toMatchObject({ roles: ['client'], name: subject, locale: 'en', timeZone: 'UTC' });
    const row = await world.db
      .selectFrom('person')
      .where('subject', '=', subject)
      .selectAll()
      .executeTakeFirstOrThrow();
    expect(row).toMatchObject({ role: 'client', phone: null, kind: 'human' });
    expect(decryptField(world.db, 'person.email', row.id, row.email!)).toBe(`${subject}@example.com`);
    expect((await world.send({ id: '', subject }, '/v1/me')).body).toMatchObject({ id: row.id });
  });

  test('a fresh session at each sign-in; the former one of the browser is over', async () => {
    await signIn(world.parties.client.subject);
    const former = browser.cookies.get('punctual')!;
    // The issuer knows the browser by now and asks for no name.
    await browser.visit(`${world.url}/auth/login?returnTo=/v1/me`);
    expect(browser.cookies.get('punctual')).not.toBe(former);
    expect(await me()).toBe(200);
    browser.cookies.set('punctual', former);
    expect(await me()).toBe(401);
  });

  test('signing out ends it at once, and takes the cookie away', async () => {
    await signIn(world.parties.client.subject);
    const secret = browser.cookies.get('punctual')!;
    expect(await me()).toBe(200);
    const answer = await browser.request(`${world.url}/auth/logout`, { method: 'POST', headers: ours() });
    expect(answer.status).toBe(204);
    expect(browser.cookies.has('punctual')).toBe(false);
    browser.cookies.set('punctual', secret);
    const refused = await browser.request(`${world.url}/v1/me`);
    expect([refused.status, await codeOf(refused)]).toEqual([401, 'session_over']);
    expect((await browser.request(`${world.url}/auth/logout`, { method: 'POST', headers: ours() })).status).toBe(204);
  });

  test('sessions are listed, and one can be ended from another; nobody else’s can', async () => {
    const { client: person } = world.parties;
    const other = new TestBrowser();
    await signIn(person.subject);
    const first = browser;
    browser = other;
    await signIn(person.subject);
    const listed = (await (await other.request(`${world.url}/v1/me/sessions`)).json()) as {
      items: { id: string; isCurrent: boolean }[];
    };
    expect(listed.items[0]).toMatchObject({ isCurrent: true });
    expect(listed.items.filter(({ isCurrent }) => isCurrent)).toHaveLength(1);
    const { id } = listed.items[1]!;
    expect((await world.send(world.parties.therapist, `/v1/me/sessions/${id}`, { method: 'DELETE' })).status).toBe(404);
    const ended = await other.request(`${world.url}/v1/me/sessions/${id}`, { method: 'DELETE', headers: ours() });
    expect(ended.status).toBe(204);
    expect((await first.request(`${world.url}/v1/me`)).status).toBe(401);
    expect(await me()).toBe(200);
  });

  describe('what changes something by cookie must come from our own pages', () => {
    const patch = async (headers: Record<string, string>) => {
      const address = `${world.url}/v1/notifications/none`;
      const answer = await browser.request(address, { method: 'POST', headers });
      return answer.status === 403 ? codeOf(answer) : 'passed';
    };

    test.each([
      ['no word of where it comes from', {}, 'cross_site_request'],
      ['another origin', { origin: 'https://evil.example.com' }, 'cross_site_request'],
      ['a page without origin', { origin: 'null' }, 'cross_site_request'],
      ['another site', { 'sec-fetch-site': 'cross-site' }, 'cross_site_request'],
      ['another host of this site', { 'sec-fetch-site': 'same-site' }, 'cross_site_request'],
      ['the address bar', { 'sec-fetch-site': 'none' }, 'cross_site_request'],
      ['our own page', { 'sec-fetch-site': 'same-origin' }, 'passed'],
    ])('%s', async (_, headers, expected) => {
      await signIn(world.parties.client.subject);
      expect(await patch(headers)).toBe(expected);
    });

    test('our own origin, of a browser that says no more', async () => {
      await signIn(world.parties.client.subject);
      expect(await patch(ours())).toBe('passed');
      const evil = { 'sec-fetch-site': 'cross-site', ...ours() };
      expect(await patch(evil)).toBe('cross_site_request');
    });

    test('signing out, too; reads may come from anywhere', async () => {
      await signIn(world.parties.client.subject);
      const evil = { origin: 'https://evil.example.com' };
      const answer = await browser.request(`${world.url}/auth/logout`, { method: 'POST', headers: evil });
      expect([answer.status, await codeOf(answer)]).toEqual([403, 'cross_site_request']);
      expect((await browser.request(`${world.url}/v1/me`, { headers: evil })).status).toBe(200);
    });

    test('a bearer token needs no origin, and the cookie beside it counts for nothing', async () => {
      await signIn(world.parties.client.subject);
      const token = await world.tokenOf(world.parties.therapist.subject);
      const headers = {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        cookie: `punctual=${browser.cookies.get('punctual')}`,
      };
      const answer = await fetch(`${world.url}/v1/me`, { method: 'PATCH', headers, body: '{"locale":"de"}' });
      expect(answer.status).toBe(200);
      expect(await answer.json()).toMatchObject({ id: world.parties.therapist.id, locale: 'de' });
    });
  });

  test.each([
    '//evil.example.com',
    '/\\evil.example.com',
    'https://evil.example.com/',
    'evil',
    '/.//evil.example.com',
    '/\t/evil.example.com',
    'javascript:alert(1)',
    '',
    '/auth/login',
  ])('leads nowhere but to a path of ours: %j', async (returnTo) => {
    const answer = await browser.request(`${world.url}/auth/login?returnTo=${encodeURIComponent(returnTo)}`);
    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({ errors: [{ field: 'query.returnTo' }] });
  });

  test('a return that this browser did not begin, a repeated one and one with another state are refused', async () => {
    const page = await browser.visit(`${world.url}/auth/login`);
    const begun = browser.cookies.get('punctual-sign-in')!;
    const sent = await browser.request(page.url, {
      method: 'POST',
      form: { sign_in: world.parties.client.subject },
    });
    const back = (await browser.request(new URL(sent.headers.get('location')!, page.url).href)).headers.get(
      'location',
    )!;
    const victim = await new TestBrowser().request(back);
    expect([victim.status, await codeOf(victim)]).toEqual([400, 'sign_in_not_begun']);
    expect((await browser.request(back)).status).toBe(302);
    browser.cookies.set('punctual-sign-in', begun);
    const again = await browser.request(back);
    expect([again.status, await codeOf(again)]).toEqual([400, 'sign_in_not_begun']);
    await browser.request(`${world.url}/auth/login`);
    const otherState = await browser.request(back);
    expect([otherState.status, await codeOf(otherState)]).toEqual([400, 'sign_in_not_begun']);
  });

  test('a sign-in waits for ten minutes, then is taken out', async () => {
    await browser.request(`${world.url}/auth/login`);
    await sql`update sign_in set expires_at = clock_timestamp() - interval '1 second'`.execute(world.db);
    const answer = await browser.request(`${world.url}/auth/callback?code=x&state=y`);
    expect([answer.status, await codeOf(answer)]).toEqual([400, 'sign_in_not_begun']);
    await browser.request(`${world.url}/auth/login`);
    await pruneOld(world.db);
    expect(await world.db.selectFrom('signIn').selectAll().execute()).toHaveLength(1);
  });

  test('a session ends by its age, without requests, by a changed role and with its person', async () => {
    const set = (what: ReturnType<typeof sql>) => sql`update web_session set ${what}`.execute(world.db);
    for (const ending of [
      sql`expires_at = clock_timestamp() - interval '1 second'`,
      sql`seen_at = clock_timestamp() - interval '121 minutes'`,
    ]) {
      browser = new TestBrowser();
      await signIn(world.parties.client.subject);
      expect(await me()).toBe(200);
      await set(ending);
      await expect.poll(me, { timeout: 4_000 }).toBe(401);
    }
    const person = await makePerson(world.db, 'admin');
    browser = new TestBrowser();
    await signIn(person.subject);
    const attention = async () => (await browser.request(`${world.url}/v1/admin/attention`)).status;
    expect(await attention()).toBe(200);
    await world.db.updateTable('person').set({ role: 'client' }).where('id', '=', person.id).execute();
    await expect.poll(attention, { timeout: 4_000 }).toBe(403);
    await world.db.deleteFrom('person').where('id', '=', person.id).execute();
    await expect.poll(attention, { timeout: 4_000 }).toBe(401);
  });

  test('a stream of events that is open ends with its session', { timeout: 40_000 }, async () => {
    await signIn(world.parties.client.subject);
    const stream = await browser.request(`${world.url}/v1/events`);
    const gone = stream.text().then(
      () => 'gone',
      () => 'gone',
    );
    const other = new TestBrowser();
    browser = other;
    await signIn(world.parties.client.subject);
    const alive = (await other.request(`${world.url}/v1/events`)).body!.getReader();
    await world.db
      .updateTable('webSession')
      .set({ revokedAt: sql<Date>`clock_timestamp()` })
      .where('secretHash', '<>', hashOfSecret(other.cookies.get('punctual')!))
      .execute();
    expect(await gone).toBe('gone');
    for (let n = 0; n < 2; n += 1) expect((await alive.read()).done).toBe(false);
    await alive.cancel();
  });

  test('one that is in use is noted once a minute', async () => {
    await signIn(world.parties.client.subject);
    const secretHash = hashOfSecret(browser.cookies.get('punctual')!);
    const seen = async () =>
      (
        await world.db
          .selectFrom('webSession')
          .where('secretHash', '=', secretHash)
          .select('seenAt')
          .executeTakeFirstOrThrow()
      ).seenAt;
    await sql`update web_session set seen_at = clock_timestamp() - interval '90 minutes'
      where secret_hash = ${secretHash}`.execute(world.db);
    const before = await seen();
    await expect.poll(async () => [await me(), (await seen()) > before], { timeout: 4_000 }).toEqual([200, true]);
  });
});

describe('with a client secret, behind https', () => {
  const publicUrl = 'https://app.example.com';
  let world: ApiWorld;
  let issuer: TestIssuer;
  let browser: TestBrowser;
  beforeAll(async () => {
    issuer = await startTestIssuer('web');
    const signIn = {
      clientId: 'web',
      clientSecret: 'a secret: of/ours',
      scopes: 'openid email',
      signUp: 'open' as const,
    };
    world = await createApiWorld({ settings: { signIn, publicUrl, oidcIssuer: issuer.url } });
  });
  afterAll(async () => {
    await world.close();
    await issuer.close();
  });
  beforeEach(() => {
    browser = new TestBrowser();
    issuer.answer = {};
  });

  /** To the issuer and back, as it answers. `changes` are over the claims of the ID token. */
  async function signIn(changes: Record<string, unknown> = {}, back: Record<string, string> = { code: 'c' }) {
    const begun = await browser.request(`${world.url}/auth/login?returnTo=/home`);
    const address = new URL(begun.headers.get('location')!);
    const { state, nonce } = Object.fromEntries(address.searchParams);
    issuer.answer.claims = { sub: 'sue', email: 'sue@example.com', email_verified: true, nonce, ...changes };
    issuer.answer.userInfo ??= { sub: issuer.answer.claims['sub'] };
    const query = new URLSearchParams({ state: state!, ...back });
    return { address, begun, answer: await browser.request(`${world.url}/auth/callback?${query.toString()}`) };
  }

  test('asks as the specification has it, and proves both the secret and the verifier', async () => {
    const { address, begun, answer } = await signIn();
    expect(Object.fromEntries(address.searchParams)).toMatchObject({
      client_id: 'web',
      response_type: 'code',
      redirect_uri: `${publicUrl}/auth/callback`,
      scope: 'openid email',
      code_challenge_method: 'S256',
    });
    expect(begun.headers.getSetCookie()[0]).toMatch(
      /^__Host-punctual-sign-in=[\w-]{43}; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/home']);
    expect(answer.headers.getSetCookie().find((text) => text.startsWith('__Host-punctual='))).toMatch(/; Secure/);
    const { form, authorization } = issuer.lastExchange!;
    expect(Object.fromEntries(form)).toMatchObject({
      grant_type: 'authorization_code',
      code: 'c',
      redirect_uri: `${publicUrl}/auth/callback`,
      code_verifier: expect.stringMatching(/^[\w.~-]{43,}$/) as string,
    });
    expect(authorization).toMatch(/^Basic /);
    expect((await browser.request(`${world.url}/v1/me`)).status).toBe(200);
    const unprefixed = new TestBrowser();
    unprefixed.cookies.set('punctual', browser.cookies.get('__Host-punctual')!);
    expect((await unprefixed.request(`${world.url}/v1/me`)).status).toBe(401);
    const out = await browser.request(`${world.url}/auth/logout`, { method: 'POST', headers: { origin: publicUrl } });
    expect([out.status, browser.cookies.has('__Host-punctual')]).toEqual([204, false]);
    expect(out.headers.getSetCookie()[0]).toMatch(/; Secure/);
  });

  test.each([
    ['another nonce', { nonce: 'another' }],
    ['no nonce', { nonce: undefined }],
    ['another client’s token', { aud: 'other' }],
    ['another issuer’s token', { iss: 'https://evil.example.com' }],
    ['an expired token', { exp: 1 }],
    ['no subject', { sub: undefined }],
  ])('refuses %s', async (_, changes) => {
    const { answer } = await signIn(changes);
    expect(answer.status).toBe(400);
    expect(await codeOf(answer)).toBe('sign_in_not_begun');
    expect(browser.cookies.has('__Host-punctual')).toBe(false);
  });

  test.each([
    ['another state', { code: 'c', state: 'another' }],
    ['an empty state', { code: 'c', state: '' }],
    ['another issuer by its word', { code: 'c', iss: 'https://evil.example.com' }],
  ])('refuses a return with %s', async (_, back) => {
    const { answer } = await signIn({}, back);
    expect([answer.status, await codeOf(answer)]).toEqual([400, 'sign_in_not_begun']);
  });

  test('refuses a token that another key signed', async () => {
    const other = await startTestIssuer('web');
    const begun = await browser.request(`${world.url}/auth/login`);
    const { state, nonce } = Object.fromEntries(new URL(begun.headers.get('location')!).searchParams);
    const claims = { iss: issuer.url, sub: 'sue', email: 'sue@example.com', email_verified: true, nonce: nonce! };
    const forged = await other.sign(claims);
    issuer.answer.idToken = forged;
    const answer = await browser.request(`${world.url}/auth/callback?code=c&state=${state}`);
    expect([answer.status, await codeOf(answer)]).toEqual([400, 'sign_in_not_begun']);
    await other.close();
  });

  test('somebody who gave up at the issuer, and a code that is worth nothing', async () => {
    const { answer } = await signIn({}, { error: 'access_denied' });
    expect([answer.status, await codeOf(answer)]).toEqual([403, 'sign_in_refused']);
    issuer.answer.status = 400;
    const spent = (await signIn()).answer;
    expect([spent.status, await codeOf(spent)]).toEqual([400, 'sign_in_not_begun']);
  });

  test('an issuer that fails is 503, and can be asked again', async () => {
    issuer.answer.status = 500;
    const { answer } = await signIn();
    expect([answer.status, await codeOf(answer)]).toEqual([503, 'issuer_unavailable']);
    issuer.answer = {};
    expect((await signIn()).answer.status).toBe(302);
  });

  test.each([
    ['no address', { email: undefined }],
    ['an address that nobody has verified', { email_verified: false }],
    ['no word of it', { email_verified: undefined }],
    ['no address at all', { email: 'sue' }],
  ])('nobody becomes a client by %s', async (_, changes) => {
    const { answer } = await signIn({ sub: `new-${Math.random()}`, ...changes });
    expect([answer.status, await codeOf(answer)]).toEqual([403, 'email_unverified']);
  });

  test('an issuer whose ID token is thin is asked for the rest; locale and zone are taken where they are good', async () => {
    issuer.answer.userInfo = {
      sub: 'thin',
      name: 'Thin Person',
      email: 'thin@example.com',
      email_verified: true,
      locale: 'de-at',
      zoneinfo: 'Europe/Vienna',
    };
    const { answer } = await signIn({ sub: 'thin', email: undefined, email_verified: undefined });
    expect(answer.status).toBe(302);
    const found = await (await browser.request(`${world.url}/v1/me`)).json();
    expect(found).toMatchObject({ name: 'Thin Person', locale: 'de-AT', timeZone: 'Europe/Vienna' });
    issuer.answer.userInfo = { sub: 'somebody else', email: 'else@example.com', email_verified: true };
    const mixed = await signIn({ sub: 'thin 2', email: undefined, email_verified: undefined });
    expect(mixed.answer.status).toBe(400);
  });
});

describe('as it is set up', () => {
  test('without a client at the issuer the routes say so', async () => {
    const world = await createApiWorld();
    for (const path of ['/auth/login', '/auth/callback?code=x&state=y']) {
      expect(await world.send(null, path)).toMatchObject({ status: 404, body: { code: 'sign_in_unavailable' } });
    }
    await world.close();
  });

  test('where sign-up is closed somebody unknown stays so', async () => {
    const world = await createApiWorld({ settings: { signIn: { ...client, signUp: 'closed' } } });
    const browser = new TestBrowser();
    const page = await browser.visit(`${world.url}/auth/login`);
    const { answer } = await browser.visit(page.url, { method: 'POST', form: { sign_in: 'somebody' } });
    expect([answer.status, await codeOf(answer)]).toEqual([403, 'unknown_person']);
    expect(browser.cookies.has('punctual')).toBe(false);
    await world.close();
  });
});
