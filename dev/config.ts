import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout's folder: children run there, and `.punctual` lies in it. */
export const projectRoot = fileURLToPath(new URL('..', import.meta.url));

/** The ports of the development stack; 0 takes any free one. */
export interface Ports {
  api: number;
  sandbox: number;
  smtp: number;
  postgres: number;
  temporal: number;
  temporalUi: number;
}

/** Which environment variable sets which port, for error messages and for reading them. */
export const portVariables: Record<keyof Ports, { variable: string; fallback: number; what: string }> = {
  api: { variable: 'PORT', fallback: 3000, what: 'the API' },
  sandbox: { variable: 'SANDBOX_PORT', fallback: 4010, what: 'the provider sandbox' },
  smtp: { variable: 'SANDBOX_SMTP_PORT', fallback: 4025, what: "the sandbox's mail catcher" },
  postgres: { variable: 'POSTGRES_PORT', fallback: 5433, what: 'PostgreSQL' },
  temporal: { variable: 'TEMPORAL_PORT', fallback: 7233, what: 'the Temporal server' },
  temporalUi: { variable: 'TEMPORAL_UI_PORT', fallback: 8233, what: "Temporal's web UI" },
};

/** What the development stack reads from its own environment. */
export interface DevConfig {
  ports: Ports;
  /** A PostgreSQL to use instead of the embedded one. */
  databaseUrl?: string;
  /** A Temporal server to use instead of one of our own, `host:port`. */
  temporalAddress?: string;
  /** Where downloads and builds are kept across checkouts. */
  cacheDir: string;
  /** What every child inherits: how to find programs and folders, and nothing that could hold a secret. */
  inherited: Record<string, string>;
  /** What the product's own configuration reads and the stack only passes through. */
  passedThrough: Record<string, string>;
}

const inheritedNames = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'TMPDIR',
  'TZ',
  'LANG',
  'LC_ALL',
  'NO_COLOR',
  'FORCE_COLOR',
  'NODE_OPTIONS',
  'NODE_EXTRA_CA_CERTS',
];
const passedThroughNames = [
  'MINUTE_MS',
  'NODE_ENV',
  'LOG_LEVEL',
  'CORS_ORIGINS',
  'TEMPORAL_CODEC_KEYS',
  'CODEC_ORIGINS',
];

function pick(environment: NodeJS.ProcessEnv, names: string[]): Record<string, string> {
  const found = names.map((name) => [name, environment[name]] as const);
  return Object.fromEntries(found.filter((pair): pair is readonly [string, string] => Boolean(pair[1])));
}

function readPort(environment: NodeJS.ProcessEnv, key: keyof Ports): number {
  const { variable, fallback } = portVariables[key];
  const text = environment[variable];
  if (!text) return fallback;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new Error(`${variable} is "${text}", and a port is a whole number from 0 to 65535.`);
}

/** Reads the development stack's settings; throws a sentence that names the variable that is wrong. */
export function readDevConfig(environment: NodeJS.ProcessEnv = process.env): DevConfig {
  const keys = Object.keys(portVariables) as (keyof Ports)[];
  return {
    ports: Object.fromEntries(keys.map((key) => [key, readPort(environment, key)])) as unknown as Ports,
    databaseUrl: environment['DATABASE_URL'] || undefined,
    temporalAddress: environment['TEMPORAL_ADDRESS'] || undefined,
    cacheDir: join(environment['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'punctual'),
    inherited: pick(environment, inheritedNames),
    passedThrough: pick(environment, passedThroughNames),
  };
}

/** The whole environment, for tools that need the user's own settings: the Go build, with its proxies and caches. */
export function wholeEnvironment(): Record<string, string> {
  return pick(process.env, Object.keys(process.env));
}
