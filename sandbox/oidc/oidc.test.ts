import { createHash, randomBytes } from 'node:crypto';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { oidcCredentials } from '../credentials.js';
import { type Sandbox, startSandbox } from '../server.js';

let sandbox: Sandbox;
let discovered: Record<string, string>;

beforeAll(async () => {
  sandbox = await startSandbox();
  const answer = await fetch(`${sandbox.url}/oidc/.well-known/openid-configuration`);
  discovered = (await answer.json()) as Record<string, string>;
});
afterAll(() => sandbox.close());

async function tokens(form: Record<string, string>): Promise<Record<string, unknown>> {
  const answer = await fetch(discovered['token_endpoint'] ?? '', { method: 'POST', body: new URLSearchParams(form) });
  return { status: answer.status, ...((await answer.json()) as object) };
}

async function verify(token: unknown) {
  const keys = createRemoteJWKSet(new URL(discovered['jwks_uri'] ?? ''));
  const expected = { issuer: `${sandbox.url}/oidc`, audience: oidcCredentials.audience };
  return jwtVerify(String(token), keys, expected);
}

it("has the sandbox's own address as its issuer", () => {
  expect(discovered['issuer']).toBe(`${sandbox.url}/oidc`);
  for (const name of ['authorization_endpoint', 'token_endpoint', 'jwks_uri']) {
    expect(discovered[name]).toMatch(`${sandbox.url}/oidc/`);
  }
});

it('signs the command line in by name, for twelve hours', async () => {
  const { signInGrantType: grant_type, cliClientId: client_id } = oidcCredentials;
  const answer = await tokens({ grant_type, client_id, sign_in: 'therapist-1' });
  expect(answer).toMatchObject({ status: 200, token_type: 'Bearer', expires_in: 43_200 });
  const { payload, protectedHeader } = await verify(answer['access_token']);
  expect(payload).toMatchObject({ sub: 'therapist-1', client_id });
  expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(43_200);
  expect(protectedHeader).toMatchObject({ alg: 'RS256', typ: 'at+jwt' });
  expect(await tokens({ grant_type, client_id })).toMatchObject({ status: 400, error: 'invalid_request' });
  const { webClientId } = oidcCredentials;
  expect(await tokens({ grant_type, client_id: webClientId, sign_in: 'x' })).toMatchObject({ status: 400 });
});

/** A browser's part: follows redirects on this machine and keeps cookies. Stops at an address that isn't the issuer's. */
class Browser {
  private readonly cookies = new Map<string, string>();

  async visit(url: string, form?: Record<string, string>): Promise<{ url: string; text: string }> {
    const headers = { cookie: [...this.cookies].map((pair) => pair.join('=')).join('; ') };
    const body = form && new URLSearchParams(form);
    const answer = await fetch(url, { method: form ? 'POST' : 'GET', headers, body, redirect: 'manual' });
    for (const cookie of answer.headers.getSetCookie()) {
      const [pair = ''] = cookie.split(';');
      const at = pair.indexOf('=');
      this.cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    const location = answer.headers.get('location');
    if (!location) return { url, text: await answer.text() };
    const next = new URL(location, url).href;
    return next.startsWith(sandbox.url) ? this.visit(next) : { url: next, text: '' };
  }
}

it('signs a person in on its page: authorization code with PKCE, to any port of this machine', async () => {
  const verifier = randomBytes(32).toString('base64url');
  const redirect_uri = 'http://127.0.0.1:3999/auth/callback';
  const client_id = oidcCredentials.webClientId;
  const request = new URLSearchParams({
    client_id,
    redirect_uri,
    response_type: 'code',
    scope: 'openid profile',
    state: 'state-1',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  const browser = new Browser();
  const page = await browser.visit(`${discovered['authorization_endpoint']}?${request.toString()}`);
  expect(page.text).toContain('Sign-in name');
  const back = new URL((await browser.visit(page.url, { sign_in: 'client-1' })).url);
  expect(back.origin + back.pathname).toBe(redirect_uri);
  expect(back.searchParams.get('state')).toBe('state-1');
  const code = back.searchParams.get('code') ?? '';
  const exchange = { grant_type: 'authorization_code', client_id, code, redirect_uri, code_verifier: verifier };
  const answer = await tokens(exchange);
  expect((await verify(answer['access_token'])).payload).toMatchObject({ sub: 'client-1', aud: 'punctual' });
  expect(answer['id_token']).toEqual(expect.any(String));
  expect(await tokens(exchange)).toMatchObject({ status: 400, error: 'invalid_grant' });
});

it('sends nobody to another machine', async () => {
  const request = new URLSearchParams({
    client_id: oidcCredentials.webClientId,
    redirect_uri: 'https://example.com/callback',
    response_type: 'code',
    scope: 'openid',
  });
  const answer = await fetch(`${discovered['authorization_endpoint']}?${request.toString()}`, { redirect: 'manual' });
  expect(answer.status).toBe(400);
});
