import { createRemoteJWKSet, errors, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import { Problem } from './errors.js';

/** Answers with the subject of a good token. @throws Problem `token_invalid`, `token_expired`, `issuer_unavailable` */
export type VerifyToken = (token: string) => Promise<string>;

const TIMEOUT_MS = 3_000;
const CLOCK_TOLERANCE_S = 5;
/** Asymmetric ones only: a shared secret is no business of an API that verifies. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];

const discovery = z.object({ issuer: z.string(), jwks_uri: z.url() });

async function discover(issuer: string): Promise<JWTVerifyGetKey> {
  const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const response = await fetch(address, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`the issuer's discovery document answered ${response.status}`);
  const found = discovery.parse(await response.json());
  if (found.issuer !== issuer) throw new Error(`the discovery document is of another issuer, ${found.issuer}`);
  return createRemoteJWKSet(new URL(found.jwks_uri), { timeoutDuration: TIMEOUT_MS });
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

/**
 * Verifies against the issuer's key set, found by its discovery document at first use (so the API starts while the
 * issuer is away) and fetched anew when a token names an unknown key.
 */
export function createTokenVerifier({ issuer, audience }: { issuer: string; audience: string }): VerifyToken {
  let keys: Promise<JWTVerifyGetKey> | null = null;
  const findKeys = (): Promise<JWTVerifyGetKey> => {
    keys ??= discover(issuer).catch((error: unknown) => {
      keys = null;
      throw new Problem('issuer_unavailable', { cause: error });
    });
    return keys;
  };
  return async (token) => {
    try {
      const options = {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_TOLERANCE_S,
        requiredClaims: ['sub', 'exp'],
      };
      const { payload } = await jwtVerify(token, await findKeys(), options);
      return payload.sub!;
    } catch (error) {
      throw toTokenProblem(error);
    }
  };
}
