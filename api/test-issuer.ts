import { createServer, type IncomingMessage } from 'node:http';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

/** For tests only: an OpenID provider that does what a test wants of it, also what none should do. */
export interface TestIssuer {
  url: string;
  /** Signs as the key of the moment. Claims replace the standard ones; undefined leaves one out. */
  sign(claims: JWTPayload & Record<string, unknown>, header?: Record<string, unknown>): Promise<string>;
  /** Publishes another key instead; what was signed by the former one is worth nothing from then on. */
  rotate(): Promise<void>;
  /** The public key of the moment, as everybody can read it. */
  publicJwk(): object;
  /** Requests of the key set so far. */
  keyReads(): number;
  /** What the token endpoint does with a code: claims of the ID token over the standard ones, or a status. */
  answer: { claims?: Record<string, unknown>; idToken?: string; userInfo?: Record<string, unknown>; status?: number };
  /** The form of the last request to the token endpoint, and its Authorization header. */
  lastExchange: { form: URLSearchParams; authorization: string | undefined } | null;
  isAway: boolean;
  close(): Promise<void>;
}

const HOUR_S = 3_600;

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

async function makeKey(kid: string) {
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  return { kid, privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' } };
}

/** Brings it up on a free port; `audience` is what its access tokens are for, and the client of its ID tokens. */
export async function startTestIssuer(audience: string): Promise<TestIssuer> {
  let key = await makeKey('key-1');
  let reads = 0;
  let url = '';
  const sign: TestIssuer['sign'] = (claims, header = {}) => {
    const now = Math.floor(Date.now() / 1_000);
    const all = { iss: url, aud: audience, iat: now, exp: now + HOUR_S, ...claims };
    return new SignJWT(all).setProtectedHeader({ alg: 'RS256', kid: key.kid, ...header }).sign(key.privateKey);
  };
  const issuer: TestIssuer = {
    url,
    sign,
    rotate: async () => {
      key = await makeKey(`${key.kid}-next`);
    },
    publicJwk: () => key.jwk,
    keyReads: () => reads,
    answer: {},
    lastExchange: null,
    isAway: false,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const routes: Record<string, (request: IncomingMessage) => Promise<object> | object> = {
    '/.well-known/openid-configuration': () => ({
      issuer: url,
      jwks_uri: `${url}/jwks`,
      authorization_endpoint: `${url}/authorize`,
      token_endpoint: `${url}/token`,
      userinfo_endpoint: `${url}/userinfo`,
      id_token_signing_alg_values_supported: ['RS256'],
    }),
    '/jwks': () => {
      reads += 1;
      return { keys: [key.jwk] };
    },
    '/token': async (request) => {
      const form = new URLSearchParams(await readBody(request));
      issuer.lastExchange = { form, authorization: request.headers.authorization };
      return {
        access_token: 'access',
        token_type: 'Bearer',
        expires_in: HOUR_S,
        id_token: issuer.answer.idToken ?? (await sign(issuer.answer.claims ?? {})),
      };
    },
    '/userinfo': () => issuer.answer.userInfo ?? {},
  };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://issuer');
    const route = routes[pathname];
    const status = issuer.isAway ? 500 : pathname === '/token' ? (issuer.answer.status ?? 200) : 200;
    if (route === undefined || status >= 500) return void response.writeHead(route === undefined ? 404 : status).end();
    void Promise.resolve(route(request)).then((body) => {
      const sent = status === 200 ? body : { error: 'invalid_grant' };
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(sent));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  issuer.url = url;
  return issuer;
}
