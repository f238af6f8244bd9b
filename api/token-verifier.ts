import { createHash } from 'node:crypto';
import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import { Problem } from './errors.js';
import { Lru } from './lru.js';

/**
 * Answers with the subject of a good token.
 * @throws Problem `token_invalid`, `token_expired`, `scope_missing`, `issuer_unavailable`
 */
export type VerifyToken = (token: string) => Promise<string>;

/** What a token must say. */
export interface TokenRules {
  issuer: string;
  audience: string;
  /** Must be among the token's scopes (`scope`, or `scp`); none is asked for when left out. */
  scope?: string | undefined;
}

const TIMEOUT_MS = 3_000;
const CLOCK_TOLERANCE_S = 5;
/** Asymmetric ones only: a shared secret is no business of an API that verifies, and a public key is none. */
const ALGORITHMS = 'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519'.split(' ');
/** Of the header: what says nothing, and access tokens (RFC 9068). Logout tokens and the like are signed with the same keys. */
const TYPES: ReadonlySet<string> = new Set(['jwt', 'at+jwt', 'application/at+jwt']);
const LONGEST_SUBJECT = 255;
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f]/;

/**
 * How long a good token is known to be good, at most until it expires. Verifying one costs about a third of what a whole
 * read may cost; a key that the issuer has withdrawn counts for this much longer.
 */
const KNOWN_MS = 60_000;
const MOST_KNOWN = 10_000;

/** The issuer's keys are fetched anew when a token names an unknown one, at most this often, and when they are this old. */
const KEYS_COOLDOWN_MS = 5_000;
const KEYS_MAX_AGE_MS = 10 * 60_000;

const discovery = z.object({ issuer: z.string(), jwks_uri: z.url() });

async function discover(issuer: string): Promise<JWTVerifyGetKey> {
  const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const response = await fetch(address, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`the issuer's discovery document answered ${response.status}`);
  const found = discovery.parse(await response.json());
  if (found.issuer !== issuer) throw new Error(`the discovery document is of another issuer, ${found.issuer}`);
  return createRemoteJWKSet(new URL(found.jwks_uri), {
    timeoutDuration: TIMEOUT_MS,
    cooldownDuration: KEYS_COOLDOWN_MS,
    cacheMaxAge: KEYS_MAX_AGE_MS,
  });
}

function toTokenProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof errors.JWTExpired) return new Problem('token_expired');
  // The generic class is jose's for a key set that answered badly.
  const issuerFailed =
    !(error instanceof errors.JOSEError) || error instanceof errors.JWKSTimeout || error.code === errors.JOSEError.code;
  return issuerFailed
    ? new Problem('issuer_unavailable', { cause: error })
    : new Problem('token_invalid', { cause: error });
}

/** Finds the issuer's keys at the first use, and again where that failed. */
function keyFinder(issuer: string): () => Promise<JWTVerifyGetKey> {
  let keys: Promise<JWTVerifyGetKey> | null = null;
  return () => {
    keys ??= discover(issuer).catch((error: unknown) => {
      keys = null;
      throw new Problem('issuer_unavailable', { cause: error });
    });
    return keys;
  };
}

function scopesOf({ scope, scp }: JWTPayload): string[] {
  const given = scope ?? scp;
  if (Array.isArray(given)) return given.map(String);
  return typeof given === 'string' ? given.split(' ') : [];
}

/** What jose leaves to us: the type, a subject that can be one, no birth in the future, the scope. */
function readClaims(payload: JWTPayload, typ: string | undefined, scope: string | undefined) {
  const { sub, exp, iat } = payload;
  if (typ !== undefined && !TYPES.has(typ.toLowerCase())) throw new Problem('token_invalid');
  if (typeof sub !== 'string' || sub === '' || sub.length > LONGEST_SUBJECT || CONTROL.test(sub))
    throw new Problem('token_invalid');
  if (iat !== undefined && iat > Date.now() / 1_000 + CLOCK_TOLERANCE_S) throw new Problem('token_invalid');
  if (scope !== undefined && !scopesOf(payload).includes(scope)) {
    throw new Problem('scope_missing', { facts: { scope } });
  }
  return { sub, expiresAt: (exp! + CLOCK_TOLERANCE_S) * 1_000 };
}

/**
 * Verifies against the issuer's key set, found by its discovery document at first use (so the API starts while the
 * issuer is away) and fetched anew when a token names an unknown key. A token that was good stays so for a minute, known
 * by its SHA-256.
 */
export function createTokenVerifier({ issuer, audience, scope }: TokenRules): VerifyToken {
  const findKeys = keyFinder(issuer);
  const known = new Lru<string>(MOST_KNOWN);
  const required = { algorithms: ALGORITHMS, clockTolerance: CLOCK_TOLERANCE_S, requiredClaims: ['sub', 'exp'] };
  const verify = async (token: string) => {
    try {
      const good = await jwtVerify(token, await findKeys(), { issuer, audience, ...required });
      return readClaims(good.payload, good.protectedHeader.typ, scope);
    } catch (error) {
      throw toTokenProblem(error);
    }
  };
  return async (token) => {
    const key = createHash('sha256').update(token).digest('base64');
    const subject = known.get(key, Date.now());
    if (subject !== undefined) return subject;
    const { sub, expiresAt } = await verify(token);
    known.set(key, sub, Math.min(Date.now() + KNOWN_MS, expiresAt));
    return sub;
  };
}
