import { createPublicKey } from 'node:crypto';
import { base64url, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Problem } from './errors.js';
import { startTestIssuer, type TestIssuer } from './test-issuer.js';
import { createTokenVerifier, type VerifyToken } from './token-verifier.js';

const audience = 'punctual';
let issuer: TestIssuer;
let verify: VerifyToken;
beforeAll(async () => {
  issuer = await startTestIssuer(audience);
});
afterAll(() => issuer.close());
beforeEach(() => {
  verify = createTokenVerifier({ issuer: issuer.url, audience });
});

const seconds = (fromNow: number): number => Math.floor(Date.now() / 1_000) + fromNow;
/** The subject, or the code of the refusal. */
const verdict = (token: string, by = verify): Promise<string> => by(token).catch(({ code }: Problem) => code);

describe('lets in', () => {
  test.each([
    ['an ordinary token', {}, {}],
    ['one of several audiences', { aud: ['other', audience] }, {}],
    ['an access token by its type', {}, { typ: 'at+jwt' }],
    ['one that expired within the tolerance for clocks', { exp: seconds(-2) }, {}],
    ['one from a clock that is a little ahead', { iat: seconds(3), nbf: seconds(3) }, {}],
  ])('%s', async (_, claims, header) => {
    expect(await verdict(await issuer.sign({ sub: 'sue', ...claims }, header))).toBe('sue');
  });
});

describe('refuses', () => {
  test.each([
    ['an expired token', { exp: seconds(-60) }, 'token_expired'],
    ['another audience', { aud: 'other' }, 'token_invalid'],
    ['no audience', { aud: undefined }, 'token_invalid'],
    ['another issuer', { iss: 'https://evil.example.com' }, 'token_invalid'],
    ['no issuer', { iss: undefined }, 'token_invalid'],
    ['no expiry', { exp: undefined }, 'token_invalid'],
    ['one that is not valid yet', { nbf: seconds(60) }, 'token_invalid'],
    ['one that is not issued yet', { iat: seconds(60) }, 'token_invalid'],
    ['no subject', { sub: undefined }, 'token_invalid'],
    ['an empty subject', { sub: '' }, 'token_invalid'],
    ['a subject that the database can’t hold', { sub: 'a\u0000b' }, 'token_invalid'],
    ['a subject that is a number', { sub: 7 as unknown as string }, 'token_invalid'],
    ['a subject without end', { sub: 'x'.repeat(300) }, 'token_invalid'],
  ])('%s', async (_, claims, code) => {
    expect(await verdict(await issuer.sign({ sub: 'sue', ...claims }))).toBe(code);
  });

  test('a token of another kind that the same key signed', async () => {
    expect(await verdict(await issuer.sign({ sub: 'sue' }, { typ: 'logout+jwt' }))).toBe('token_invalid');
  });

  test('alg none', async () => {
    const claims = { iss: issuer.url, aud: audience, sub: 'sue', exp: seconds(60) };
    expect(await verdict(new UnsecuredJWT(claims).encode())).toBe('token_invalid');
    const head = base64url.encode(JSON.stringify({ alg: 'None', kid: 'key-1' }));
    expect(await verdict(`${head}.${base64url.encode(JSON.stringify(claims))}.`)).toBe('token_invalid');
  });

  test('HS256 with the public key for a secret, in each spelling of that key', async () => {
    const pem = createPublicKey({ key: issuer.publicJwk() as never, format: 'jwk' });
    const spellings = [
      pem.export({ type: 'spki', format: 'pem' }),
      pem.export({ type: 'spki', format: 'der' }),
      JSON.stringify(issuer.publicJwk()),
    ];
    for (const spelling of spellings) {
      const forged = await new SignJWT({ sub: 'sue', iss: issuer.url, aud: audience, exp: seconds(60) })
        .setProtectedHeader({ alg: 'HS256', kid: 'key-1' })
        .sign(Buffer.from(spelling));
      expect(await verdict(forged)).toBe('token_invalid');
    }
  });

  test('a key that the token brings along', async () => {
    const other = await startTestIssuer(audience);
    const header = { jwk: other.publicJwk(), jku: `${other.url}/jwks` };
    const forged = await other.sign({ iss: issuer.url, sub: 'sue' }, header);
    expect(await verdict(forged)).toBe('token_invalid');
    expect(other.keyReads()).toBe(0);
    await other.close();
  });
});

test('a scope that is asked for must be among the token’s, however they are written', async () => {
  const strict = createTokenVerifier({ issuer: issuer.url, audience, scope: 'api' });
  for (const claims of [{ scope: 'openid api' }, { scp: ['api'] }, { scp: 'api' }]) {
    expect(await verdict(await issuer.sign({ sub: 'sue', ...claims }), strict)).toBe('sue');
  }
  for (const claims of [{}, { scope: 'openid apis' }, { scp: [] }]) {
    expect(await verdict(await issuer.sign({ sub: 'sue', ...claims }), strict)).toBe('scope_missing');
  }
});

describe('a key that is rotated at the issuer', () => {
  test('is fetched when it is first met, and the withdrawn one counts no more', async () => {
    const former = await issuer.sign({ sub: 'former' });
    const formerToo = await issuer.sign({ sub: 'former too' });
    expect(await verdict(former)).toBe('former');
    await issuer.rotate();
    const next = await issuer.sign({ sub: 'next' });
    await expect.poll(() => verdict(next), { timeout: 8_000, interval: 250 }).toBe('next');
    expect(await verdict(formerToo)).toBe('token_invalid');
    // Known to be good for a minute: docs/identity.md says so.
    expect(await verdict(former)).toBe('former');
  });

  test('a flood of unknown keys asks the issuer once', async () => {
    expect(await verdict(await issuer.sign({ sub: 'sue' }))).toBe('sue');
    const before = issuer.keyReads();
    const forged = await Promise.all(
      Array.from({ length: 50 }, (_, n) => issuer.sign({ sub: 'sue' }, { kid: `unknown-${n}` })),
    );
    expect(new Set(await Promise.all(forged.map((token) => verdict(token))))).toEqual(new Set(['token_invalid']));
    expect(issuer.keyReads() - before).toBeLessThanOrEqual(1);
  });
});
