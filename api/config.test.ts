import { expect, test } from 'vitest';
import { readApiConfig, SESSION_DEFAULTS } from './config.js';
import { DOOR_DEFAULTS } from './door.js';
import { LIMIT_DEFAULTS } from './limits.js';

const least = { OIDC_ISSUER: 'https://id.example.com', OIDC_AUDIENCE: 'punctual' };

test('says everything by default but who signs the tokens', () => {
  expect(readApiConfig(least)).toEqual({
    host: '127.0.0.1',
    port: 3000,
    publicUrl: 'http://127.0.0.1:3000',
    site: { brand: 'Punctual', webUrl: 'http://127.0.0.1:3000' },
    oidcIssuer: 'https://id.example.com',
    oidcAudience: 'punctual',
    session: SESSION_DEFAULTS,
    corsOrigins: [],
    codecOrigins: [],
    taskQueue: 'appointments',
    logLevel: 'info',
    databaseConnections: 20,
    door: DOOR_DEFAULTS,
    limits: LIMIT_DEFAULTS,
    trustedProxies: 0,
  });
});

test('reads what is given; a slash at the public address’s end would break signatures', () => {
  const given = {
    ...least,
    PORT: '8080',
    HOST: '0.0.0.0',
    PUBLIC_URL: 'https://api.example.com/',
    CORS_ORIGINS: 'https://a.example.com, https://b.example.com,',
    TASK_QUEUE: ' ',
  };
  expect(readApiConfig(given)).toMatchObject({
    port: 8080,
    host: '0.0.0.0',
    publicUrl: 'https://api.example.com',
    corsOrigins: ['https://a.example.com', 'https://b.example.com'],
    codecOrigins: [],
    taskQueue: 'appointments',
  });
});

test('sets the door as it is told, the rest by the number of connections', () => {
  const given = {
    ...least,
    DATABASE_CONNECTIONS: '5',
    READS_AT_ONCE: '4',
    WEBHOOKS_AT_ONCE: '1',
    QUEUE_LENGTH: '0',
    QUEUE_MS: '250',
  };
  expect(readApiConfig(given)).toMatchObject({
    databaseConnections: 5,
    door: { atOnce: { ...DOOR_DEFAULTS.atOnce, reads: 4, joins: 4, webhooks: 1 }, queue: 0, queueMs: 250 },
  });
  expect(() => readApiConfig({ ...least, JOINS_AT_ONCE: '0', QUEUE_MS: 'soon' })).toThrow(
    "The API can't start: JOINS_AT_ONCE must be at least 1, QUEUE_MS is no number.",
  );
});

test('limits are given by name, over the defaults', () => {
  expect(readApiConfig({ ...least, RATE_LIMITS: 'reads=10/60, bookings=2/3600', TRUSTED_PROXIES: '1' })).toMatchObject({
    limits: { ...LIMIT_DEFAULTS, reads: { most: 10, seconds: 60 }, bookings: { most: 2, seconds: 3_600 } },
    trustedProxies: 1,
  });
  for (const wrong of ['reads', 'reads=0/60', 'reads=1', 'constructor=1/1', 'reads=1/60;x']) {
    expect(() => readApiConfig({ ...least, RATE_LIMITS: wrong })).toThrow(/RATE_LIMITS must be limits of ours/);
  }
});

test('names every variable that is wrong in one sentence', () => {
  expect(() => readApiConfig({ PORT: '70000', PUBLIC_URL: 'ftp://x', LOG_LEVEL: 'loud' })).toThrow(
    /^The API can't start: PORT is no port, PUBLIC_URL is no http address, OIDC_ISSUER .+, OIDC_AUDIENCE is missing, LOG_LEVEL must be one of .+\.$/,
  );
});

test('a client at the issuer opens the web app’s sign-in; a secret and sign-up are further choices', () => {
  expect(readApiConfig({ ...least, OIDC_CLIENT_ID: 'web' }).signIn).toEqual({
    clientId: 'web',
    clientSecret: null,
    scopes: 'openid profile email',
    signUp: 'closed',
  });
  const all = { OIDC_CLIENT_ID: 'web', OIDC_CLIENT_SECRET: 's', OIDC_SCOPES: 'openid email', SIGN_UP: 'open' };
  const limits = { OIDC_REQUIRED_SCOPE: 'api', SESSION_MINUTES: '60', SESSION_IDLE_MINUTES: '10' };
  expect(readApiConfig({ ...least, ...all, ...limits })).toMatchObject({
    oidcScope: 'api',
    signIn: { clientId: 'web', clientSecret: 's', scopes: 'openid email', signUp: 'open' },
    session: { longestMs: 3_600_000, idleMs: 600_000 },
  });
  expect(() => readApiConfig({ ...least, OIDC_SCOPES: 'email', SIGN_UP: 'yes' })).toThrow(
    "The API can't start: OIDC_SCOPES must hold openid, SIGN_UP must be open or closed.",
  );
});

test('keys come by https, or from this machine', () => {
  const from = (issuer: string) => () => readApiConfig({ ...least, OIDC_ISSUER: issuer });
  expect(from('http://id.example.com')).toThrow(/OIDC_ISSUER must begin with https/);
  expect(from('http://127.0.0.1:4010/oidc')().oidcIssuer).toBe('http://127.0.0.1:4010/oidc');
});
