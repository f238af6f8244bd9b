import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  ClientError,
  ClientSecretBasic,
  ClientSecretPost,
  Configuration,
  discovery,
  enableNonRepudiationChecks,
  fetchUserInfo,
  type IDToken,
  None,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
  ResponseBodyError,
  AuthorizationResponseError,
} from 'openid-client';
import type { SignIn } from '../db/sign-ins.js';
import type { ApiConfig, SignInConfig } from './config.js';
import { Problem } from './errors.js';

const TIMEOUT_S = 5;

/** The authorization code flow with PKCE at the issuer (OpenID Connect Core 1.0, 3.1; RFC 7636). */
export interface SignInFlow {
  /** Where to send the browser, and what to keep for its return. @throws Problem `issuer_unavailable` */
  begin(returnTo: string): Promise<{ address: URL; signIn: SignIn }>;
  /**
   * The claims of the ID token that the code of the browser's return is worth; with what the issuer says of the person
   * beside it (UserInfo), where the token has no e-mail address.
   * @throws Problem `sign_in_refused`, `sign_in_not_begun`, `issuer_unavailable`
   */
  finish(search: string, signIn: SignIn): Promise<IDToken>;
}

/** Secrets go the way that the issuer names; where it names none, in the header, as the specification has it. */
async function discover(issuer: URL, { clientId, clientSecret }: SignInConfig): Promise<Configuration> {
  const insecure = issuer.protocol === 'http:' ? [allowInsecureRequests] : [];
  const found = await discovery(issuer, clientId, undefined, None(), { execute: insecure, timeout: TIMEOUT_S });
  const server = found.serverMetadata();
  const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
  const secretAuth = methods.includes('client_secret_basic') ? ClientSecretBasic : ClientSecretPost;
  const client = new Configuration(
    server,
    clientId,
    undefined,
    clientSecret === null ? None() : secretAuth(clientSecret),
  );
  client.timeout = TIMEOUT_S;
  // The ID token's signature, too, and not only the way it came.
  for (const prepare of [...insecure, enableNonRepudiationChecks]) prepare(client);
  return client;
}

/** Codes of openid-client for an issuer that did not answer, or not as one does. */
const ISSUER_FAILED = new Set(['OAUTH_TIMEOUT', 'OAUTH_RESPONSE_IS_NOT_CONFORM', 'OAUTH_RESPONSE_IS_NOT_JSON']);

function toProblem(error: unknown): Problem {
  if (error instanceof AuthorizationResponseError) return new Problem('sign_in_refused', { cause: error });
  if (error instanceof ResponseBodyError && error.status < 500)
    return new Problem('sign_in_not_begun', { cause: error });
  if (error instanceof ClientError && !ISSUER_FAILED.has(error.code ?? '')) {
    return new Problem('sign_in_not_begun', { cause: error });
  }
  return new Problem('issuer_unavailable', { cause: error });
}

/** Finds the issuer at the first use, and again where that failed. */
export function createSignInFlow(
  config: Pick<ApiConfig, 'oidcIssuer' | 'publicUrl'>,
  signIn: SignInConfig,
): SignInFlow {
  const { oidcIssuer, publicUrl } = config;
  const callback = `${publicUrl}/auth/callback`;
  let client: Promise<Configuration> | null = null;
  const findClient = (): Promise<Configuration> => {
    client ??= discover(new URL(oidcIssuer), signIn).catch((error: unknown) => {
      client = null;
      throw new Problem('issuer_unavailable', { cause: error });
    });
    return client;
  };
  return {
    async begin(returnTo) {
      const kept = { state: randomState(), nonce: randomNonce(), codeVerifier: randomPKCECodeVerifier(), returnTo };
      const address = buildAuthorizationUrl(await findClient(), {
        redirect_uri: callback,
        scope: signIn.scopes,
        state: kept.state,
        nonce: kept.nonce,
        code_challenge: await calculatePKCECodeChallenge(kept.codeVerifier),
        code_challenge_method: 'S256',
      });
      return { address, signIn: kept };
    },
    async finish(search, { state, nonce, codeVerifier }) {
      const found = await findClient();
      try {
        const tokens = await authorizationCodeGrant(found, new URL(callback + search), {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: codeVerifier,
          idTokenExpected: true,
        });
        const claims = tokens.claims()!;
        const isThin = claims['email'] === undefined && found.serverMetadata().userinfo_endpoint !== undefined;
        return isThin ? { ...(await fetchUserInfo(found, tokens.access_token, claims.sub)), ...claims } : claims;
      } catch (error) {
        throw toProblem(error);
      }
    },
  };
}
