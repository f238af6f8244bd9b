import Provider, { type Configuration, errors, type KoaContextWithOIDC } from 'oidc-provider';
import { oidcCredentials } from '../credentials.js';
import { escapeHtml, page } from '../html.js';
import { isLoopback } from '../loopback.js';
import type { Store } from '../store.js';
import { oidcAdapter } from './adapter.js';
import { oidcKeys } from './keys.js';

const RESOURCE = 'urn:punctual:api';
const SCOPE = 'appointments';
const TWELVE_HOURS_S = 12 * 3600;

/** What every access token is for: JWTs with the audience `punctual`, valid for 12 hours. */
const RESOURCE_SERVER = {
  audience: oidcCredentials.audience,
  scope: SCOPE,
  accessTokenFormat: 'jwt' as const,
  accessTokenTTL: TWELVE_HOURS_S,
  jwt: { sign: { alg: 'RS256' as const } },
};

/** An OpenID Connect provider for development: any name signs in, without a password. */
export async function createOidcProvider(store: Store, issuer: string): Promise<Provider> {
  const { jwks, cookieKeys } = await oidcKeys(store);
  const provider = new Provider(issuer, {
    ...configuration(),
    adapter: oidcAdapter(store),
    jwks,
    cookies: { keys: cookieKeys },
  });
  allowLoopbackRedirects(provider);
  addSignInGrant(provider);
  return provider;
}

function configuration(): Configuration {
  const { webClientId, cliClientId, signInGrantType } = oidcCredentials;
  return {
    clients: [
      {
        client_id: webClientId,
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        redirect_uris: ['http://127.0.0.1:3000/auth/callback'],
      },
      {
        client_id: cliClientId,
        token_endpoint_auth_method: 'none',
        grant_types: [signInGrantType],
        response_types: [],
        redirect_uris: [],
      },
    ],
    claims: { openid: ['sub'], profile: ['name', 'preferred_username'], email: ['email', 'email_verified'] },
    // As most providers have it: the ID token says who it is, and no second question is needed.
    conformIdTokenClaims: false,
    clientBasedCORS: () => true,
    features: {
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => RESOURCE,
        getResourceServerInfo: () => RESOURCE_SERVER,
        useGrantedResource: () => true,
      },
    },
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => accountClaims(sub) }),
    interactions: { url: (_ctx, interaction) => `/oidc/interaction/${interaction.uid}` },
    loadExistingGrant: grantEverything,
    renderError: (ctx, { error, error_description: text }) => {
      ctx.type = 'html';
      ctx.body = page('Sign-in failed', `<p>${escapeHtml(`${error}: ${text ?? ''}`)}</p>`);
    },
    scopes: ['openid', 'profile', 'email', 'offline_access', SCOPE],
    ttl: {
      AccessToken: TWELVE_HOURS_S,
      Session: 14 * 24 * 3600,
      Grant: 14 * 24 * 3600,
      Interaction: 3600,
      IdToken: 3600,
    },
  };
}

function accountClaims(sub: string) {
  const email = sub.includes('@') ? sub : `${sub}@example.com`;
  return { sub, name: sub, preferred_username: sub, email, email_verified: true };
}

/** Nobody is asked for consent: whoever signed in grants the client all it may ask for. */
async function grantEverything(ctx: KoaContextWithOIDC) {
  const { client, session, provider } = ctx.oidc;
  if (!client || !session?.accountId) return undefined;
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope('openid profile email offline_access');
  grant.addResourceScope(RESOURCE, SCOPE);
  await grant.save();
  return grant;
}

/** The web client may come back to any address of this machine: its port is the developer's choice. */
function allowLoopbackRedirects(provider: Provider): void {
  const client = provider.Client.prototype as unknown as Record<string, (uri: string) => boolean>;
  client['redirectUriAllowed'] = isLoopback;
  client['postLogoutRedirectUriAllowed'] = isLoopback;
}

/**
 * A grant for the command line and tests: `sign_in=<name>` is answered with an access token whose `sub` is that name.
 * The provider is a development one: whoever can reach it is whoever they say they are.
 */
function addSignInGrant(provider: Provider): void {
  const handler = async (ctx: KoaContextWithOIDC) => {
    const { client, params } = ctx.oidc;
    const signIn = params?.['sign_in'];
    if (!client || typeof signIn !== 'string' || signIn === '') throw new errors.InvalidRequest('sign_in is missing');
    const resourceServer = new provider.ResourceServer(RESOURCE, RESOURCE_SERVER);
    const whose = { client, accountId: signIn, grantId: signIn, gty: 'sign_in' };
    const token = new provider.AccessToken({ ...whose, resourceServer, scope: SCOPE, expiresIn: TWELVE_HOURS_S });
    const access_token = await token.save();
    ctx.body = { access_token, expires_in: TWELVE_HOURS_S, scope: SCOPE, token_type: 'Bearer' };
  };
  provider.registerGrantType(oidcCredentials.signInGrantType, handler, ['sign_in']);
}
