import { z } from 'zod';
import type { SessionLimits } from '../db/web-sessions.js';
import { BRAND_RULE, isBrandName, type Site } from '../texts/messages.js';
import { CONNECTIONS, doorFor, type DoorLimits } from './door.js';
import { LIMIT_DEFAULTS, type Limits, parseLimits } from './limits.js';

/** What the API reads from its environment, beside providers/config.ts, db/config.ts and Temporal's own variables. */
export interface ApiConfig {
  host: string;
  port: number;
  /** Where the world reaches this API, without a slash at its end: callbacks are signed over it. */
  publicUrl: string;
  /** Who speaks in what people get, and the web app they are sent to, without a slash at its end. */
  site: Site;
  oidcIssuer: string;
  oidcAudience: string;
  /** What a token's scopes must hold; nothing when left out. */
  oidcScope?: string | undefined;
  /** The web app's sign-in; there is none when left out. */
  signIn?: SignInConfig | undefined;
  /** How long the web app's sessions last; SESSION_DEFAULTS when left out. */
  session?: SessionLimits;
  /** Origins of front ends that may call from a browser; none by default. */
  corsOrigins: string[];
  /** Of Temporal's UI, which asks the codec endpoint; none when left out. */
  codecOrigins?: string[];
  taskQueue: string;
  logLevel: string;
  /** Of PostgreSQL, held by this process at most; 20 when left out. */
  databaseConnections?: number;
  /** What is let in; the defaults when left out. */
  door?: DoorLimits;
  /** What each caller may ask; the defaults when left out. */
  limits?: Limits;
  /** Proxies of ours before this process, whose `X-Forwarded-For` counts; none when left out. */
  trustedProxies?: number;
}

/** A client at the issuer, for the authorization code flow. */
export interface SignInConfig {
  clientId: string;
  /** Null for a public client: PKCE alone. */
  clientSecret: string | null;
  /** What is asked for, separated by blanks. */
  scopes: string;
  /** Whether somebody unknown who signs in becomes a client. */
  signUp: 'open' | 'closed';
}

const HOUR_MS = 3_600_000;
export const SESSION_DEFAULTS: SessionLimits = { longestMs: 12 * HOUR_MS, idleMs: 2 * HOUR_MS };

const url = z.url({ protocol: /^https?$/, error: 'is no http address' }).transform((text) => text.replace(/\/+$/, ''));
const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

const count = (least: number) =>
  z.coerce
    .number({ error: 'is no number' })
    .int('is no whole number')
    .min(least, `must be at least ${least}`)
    .optional();

/** A key set that is fetched in clear is whoever's who sits in between; on this machine nobody does. */
function isSafe(address: string): boolean {
  const { protocol, hostname } = new URL(address);
  return protocol === 'https:' || /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}

const environment = z.object({
  HOST: z.string().default('127.0.0.1'),
  PORT: z.coerce
    .number({ error: 'is no port' })
    .int('is no port')
    .min(0, 'is no port')
    .max(65_535, 'is no port')
    .default(3000),
  PUBLIC_URL: url.optional(),
  BRAND_NAME: z.string().refine(isBrandName, BRAND_RULE).default('Punctual'),
  WEB_URL: url.optional(),
  OIDC_ISSUER: z
    .url({ protocol: /^https?$/, error: 'must be the http address of the OpenID Connect issuer' })
    .refine(isSafe, 'must begin with https: keys that come by http can be anybody’s'),
  OIDC_AUDIENCE: z.string({ error: 'is missing' }),
  OIDC_REQUIRED_SCOPE: z.string().optional(),
  OIDC_CLIENT_ID: z.string().optional(),
  OIDC_CLIENT_SECRET: z.string().optional(),
  OIDC_SCOPES: z
    .string()
    .refine((scopes) => scopes.split(' ').includes('openid'), 'must hold openid')
    .default('openid profile email'),
  SIGN_UP: z.enum(['open', 'closed'], { error: 'must be open or closed' }).default('closed'),
  SESSION_MINUTES: count(1),
  SESSION_IDLE_MINUTES: count(1),
  CORS_ORIGINS: z.string().default(''),
  CODEC_ORIGINS: z.string().default(''),
  TASK_QUEUE: z.string().default('appointments'),
  LOG_LEVEL: z.enum(LEVELS, { error: `must be one of ${LEVELS.join(', ')}` }).default('info'),
  DATABASE_CONNECTIONS: count(2),
  READS_AT_ONCE: count(1),
  CHANGES_AT_ONCE: count(1),
  PAYMENTS_AT_ONCE: count(1),
  JOINS_AT_ONCE: count(1),
  WEBHOOKS_AT_ONCE: count(1),
  QUEUE_LENGTH: count(0),
  QUEUE_MS: count(1),
  TRUSTED_PROXIES: count(0),
  RATE_LIMITS: z
    .string()
    .transform(parseLimits)
    .refine((limits) => limits !== null, 'must be limits of ours such as reads=1200/60 bookings=60/3600')
    .optional(),
});

function doorOf(given: z.output<typeof environment>, connections: number): DoorLimits {
  const { atOnce, queue, queueMs } = doorFor(connections);
  return {
    atOnce: {
      reads: given.READS_AT_ONCE ?? atOnce.reads,
      changes: given.CHANGES_AT_ONCE ?? atOnce.changes,
      payments: given.PAYMENTS_AT_ONCE ?? atOnce.payments,
      joins: given.JOINS_AT_ONCE ?? atOnce.joins,
      webhooks: given.WEBHOOKS_AT_ONCE ?? atOnce.webhooks,
    },
    queue: given.QUEUE_LENGTH ?? queue,
    queueMs: given.QUEUE_MS ?? queueMs,
  };
}

function signInOf(given: z.output<typeof environment>): SignInConfig | undefined {
  const { OIDC_CLIENT_ID: clientId, OIDC_CLIENT_SECRET: secret, OIDC_SCOPES: scopes, SIGN_UP: signUp } = given;
  return clientId === undefined ? undefined : { clientId, clientSecret: secret ?? null, scopes, signUp };
}

const originsOf = (listed: string): string[] =>
  listed
    .split(',')
    .map((origin) => origin.trim())
    .filter((origin) => origin !== '');

const MINUTE_MS = 60_000;

function sessionOf(given: z.output<typeof environment>): SessionLimits {
  const { SESSION_MINUTES: longest, SESSION_IDLE_MINUTES: idle } = given;
  return {
    longestMs: longest === undefined ? SESSION_DEFAULTS.longestMs : longest * MINUTE_MS,
    idleMs: idle === undefined ? SESSION_DEFAULTS.idleMs : idle * MINUTE_MS,
  };
}

/** Reads the API's settings; a blank variable counts as absent. @throws Error naming every variable that is wrong */
export function readApiConfig(env: NodeJS.ProcessEnv = process.env): ApiConfig {
  const given = Object.keys(environment.shape).map((name) => [name, env[name]?.trim() || undefined]);
  const parsed = environment.safeParse(Object.fromEntries(given));
  if (!parsed.success) {
    const complaints = new Map(parsed.error.issues.map((issue) => [String(issue.path[0]), issue.message]));
    throw new Error(
      `The API can't start: ${[...complaints].map(([name, message]) => `${name} ${message}`).join(', ')}.`,
    );
  }
  const databaseConnections = parsed.data.DATABASE_CONNECTIONS ?? CONNECTIONS;
  const { HOST, PORT, PUBLIC_URL, OIDC_ISSUER, OIDC_AUDIENCE, CORS_ORIGINS, TASK_QUEUE, LOG_LEVEL } = parsed.data;
  const publicUrl = PUBLIC_URL ?? `http://127.0.0.1:${PORT}`;
  return {
    host: HOST,
    port: PORT,
    publicUrl,
    site: { brand: parsed.data.BRAND_NAME, webUrl: parsed.data.WEB_URL ?? publicUrl },
    oidcIssuer: OIDC_ISSUER,
    oidcAudience: OIDC_AUDIENCE,
    oidcScope: parsed.data.OIDC_REQUIRED_SCOPE,
    signIn: signInOf(parsed.data),
    session: sessionOf(parsed.data),
    corsOrigins: originsOf(CORS_ORIGINS),
    codecOrigins: originsOf(parsed.data.CODEC_ORIGINS),
    taskQueue: TASK_QUEUE,
    logLevel: LOG_LEVEL,
    databaseConnections,
    door: doorOf(parsed.data, databaseConnections),
    limits: parsed.data.RATE_LIMITS ?? LIMIT_DEFAULTS,
    trustedProxies: parsed.data.TRUSTED_PROXIES ?? 0,
  };
}
