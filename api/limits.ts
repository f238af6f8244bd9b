/** How much is let in, and in how many seconds it is counted anew. */
export interface Quota {
  most: number;
  seconds: number;
}

/**
 * Everything that is counted, per person unless said otherwise. Meant for people with a screen; what works in bulk is
 * an admin or a service, and has its own. docs/operations.md, "Limits per caller", says why so many.
 */
export const LIMIT_DEFAULTS = {
  reads: { most: 1_200, seconds: 60 },
  changes: { most: 300, seconds: 60 },
  /** Of an admin or a service: reads and changes. */
  bulk: { most: 60_000, seconds: 60 },
  /** Changes of one appointment. */
  appointment: { most: 60, seconds: 60 },
  /** And those of them that are more than a few in that time. */
  persistence: { most: 100, seconds: 600 },
  bookings: { most: 60, seconds: 3_600 },
  payments: { most: 60, seconds: 3_600 },
  phone_codes: { most: 20, seconds: 3_600 },
  exports: { most: 10, seconds: 86_400 },
  /** Of an address that brings nothing to be known by: sign-in, calendars by their secret, the docs. */
  strangers: { most: 1_200, seconds: 60 },
  sign_ins: { most: 300, seconds: 600 },
  /** Tokens and sessions that are none, from one address. */
  refused_tokens: { most: 120, seconds: 60 },
} as const satisfies Record<string, Quota>;

export type LimitName = keyof typeof LIMIT_DEFAULTS;
export type Limits = Record<LimitName, Quota>;
export const LIMIT_NAMES = Object.keys(LIMIT_DEFAULTS) as LimitName[];

/** Counted in PostgreSQL for all processes: what costs money, sends something or opens a door. The rest is each process's. */
export const SHARED: ReadonlySet<LimitName> = new Set([
  'persistence',
  'bookings',
  'payments',
  'phone_codes',
  'exports',
  'sign_ins',
]);

/** How many changes of one appointment, in its limit's time, are no persistence: somebody whose line comes and goes. */
export const UNNOTICED_CHANGES = 10;

const isLimitName = (name: string): name is LimitName => Object.hasOwn(LIMIT_DEFAULTS, name);
const LIMIT = /^([a-z_]+)=([1-9]\d{0,8})\/([1-9]\d{0,5})$/;

/** Reads `reads=1200/60 bookings=60/3600` (so many in so many seconds) over the defaults. @returns null where it is none */
export function parseLimits(text: string): Limits | null {
  const limits: Limits = { ...LIMIT_DEFAULTS };
  for (const part of text.split(/[\s,]+/).filter((one) => one !== '')) {
    const [, name, most, seconds] = LIMIT.exec(part) ?? [];
    if (name === undefined || !isLimitName(name)) return null;
    limits[name] = { most: Number(most), seconds: Number(seconds) };
  }
  return limits;
}

/** For measurements and fuzzing, where one caller stands for many: every limit, out of reach. */
export const unlimited = LIMIT_NAMES.map((name) => `${name}=999999999/60`).join(' ');

const ID = String.raw`[0-9a-fA-F-]{36}`;
const OF_APPOINTMENT = new RegExp(`^/v1/(?:admin/)?appointments/(${ID})/`);
const PAYMENT = new RegExp(`^/v1/(appointments/${ID}/payments|wallets/[^/]+/top-ups)$`);
/** The limits shared by all processes that a POST to an address counts towards. */
const OF_POSTS: readonly (readonly [path: RegExp, limit: LimitName])[] = [
  [/^\/v1\/appointments$/, 'bookings'],
  [PAYMENT, 'payments'],
  [/^\/v1\/me\/phone(\/|$)/, 'phone_codes'],
  [/^\/v1\/me\/(export|erasure)$/, 'exports'],
];

/** The appointment that a request would change, in lower case; null for every other. */
export function appointmentToChange(method: string, path: string): string | null {
  if (method === 'GET' || method === 'HEAD') return null;
  return OF_APPOINTMENT.exec(path)?.[1]?.toLowerCase() ?? null;
}

/** What a known caller's request counts towards, beside the appointment's own. */
export function limitsOf(method: string, path: string, worksInBulk: boolean): LimitName[] {
  const isRead = method === 'GET' || method === 'HEAD';
  if (worksInBulk) return ['bulk'];
  if (isRead) return ['reads'];
  const own = method === 'POST' ? OF_POSTS.find(([pattern]) => pattern.test(path))?.[1] : undefined;
  return own === undefined ? ['changes'] : ['changes', own];
}

/** What a request counts towards by its sender's address; null for what is never held up or known by its signature. */
export function limitOfStranger(path: string): LimitName | null {
  if (path.startsWith('/auth/')) return 'sign_ins';
  if (path.startsWith('/v1/calendar/') || path === '/openapi.json' || path.startsWith('/docs')) return 'strangers';
  return null;
}
