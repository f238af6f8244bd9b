import type { WeeklyHours } from '../domain/hours.js';
import type { Rates } from './json.js';

/** A seeded person; `subject` is the name to sign in with. */
export interface SeedPerson {
  subject: string;
  name: string;
  email: string;
  /** E.164, out of the numbers that are set aside for fiction. */
  phone: string;
  locale: string;
  timeZone: string;
}

export interface SeedTherapist extends SeedPerson {
  currency: string;
  /** Minor units per hour by session mode. */
  rates: Rates;
  durationsMinutes: number[];
  /** Null: always open. */
  weeklyHours: WeeklyHours | null;
  /** A demo therapist's sessions run at speed; the others take the policy's default minute. */
  demo: boolean;
  /** A connected account at Stripe: payouts go there instead of into the bank's file. */
  stripeAccount?: string;
}

/** +1 202 555 0100 to 0199 belong to nobody; `extension` is the last two digits, 0 to 99, one a person. */
function person(extension: number, subject: string, name: string, locale: string, timeZone: string): SeedPerson {
  const phone = `+12025550${100 + extension}`;
  return { subject, name, email: `${subject}@example.test`, phone, locale, timeZone };
}

function weekdays(...hours: [from: string, to: string][]): WeeklyHours {
  return { 1: hours, 2: hours, 3: hours, 4: hours, 5: hours };
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
const DEMO_PAIRS = upTo(10);

export const ADMIN = person(0, 'admin', 'Avery Admin', 'en-GB', 'Europe/London');

export const CLIENTS = [
  person(1, 'client-1', 'Chitra Rao', 'en-IN', 'Asia/Kolkata'),
  person(2, 'client-2', 'Casey Miller', 'en-US', 'America/Chicago'),
  person(3, 'client-3', 'Clemens Vogel', 'de-DE', 'Europe/Berlin'),
];

/** One a life, so that lives played side by side never meet each other's slot or wallet. */
export const DEMO_CLIENTS = DEMO_PAIRS.map((n) =>
  person(40 + n, `demo-client-${n}`, `Demo Client ${n}`, 'en-GB', 'Etc/UTC'),
);

const ORDINARY_THERAPISTS: SeedTherapist[] = [
  {
    ...person(11, 'therapist-asha', 'Dr Asha Menon', 'en-IN', 'Asia/Kolkata'),
    currency: 'INR',
    rates: { video: 250_000, audio: 200_000, chat: 150_000 },
    durationsMinutes: [30, 50, 60],
    weeklyHours: { ...weekdays(['09:00', '13:00'], ['14:00', '19:00']), 6: [['10:00', '14:00']] },
    demo: false,
  },
  {
    ...person(12, 'therapist-ben', 'Ben Carter, LCSW', 'en-US', 'America/New_York'),
    currency: 'USD',
    rates: { video: 12_000, audio: 9_500, chat: 7_000 },
    durationsMinutes: [30, 50, 60],
    weeklyHours: weekdays(['08:00', '12:00'], ['13:00', '17:00']),
    demo: false,
  },
  {
    ...person(13, 'therapist-clara', 'Clara Lindner', 'de-DE', 'Europe/Berlin'),
    currency: 'EUR',
    rates: { video: 11_000, audio: 9_000, chat: 6_500 },
    durationsMinutes: [30, 50, 60],
    weeklyHours: { ...weekdays(['10:00', '18:00']), 4: [['12:00', '20:00']] },
    demo: false,
  },
];

const CURRENCIES = ['INR', 'USD', 'EUR'] as const;
/** Rates whose halves and fees don't come out even: the demo's money shows the rounding. */
const DEMO_RATES: Rates = { video: 9_995, audio: 8_333, chat: 6_667 };

/** The one who is paid by transfers, in USD. */
const WITH_STRIPE_ACCOUNT = 2;

function demoTherapist(n: number): SeedTherapist {
  return {
    ...person(60 + n, `demo-therapist-${n}`, `Demo Therapist ${n}`, 'en-GB', 'Etc/UTC'),
    currency: CURRENCIES[(n - 1) % CURRENCIES.length]!,
    rates: DEMO_RATES,
    durationsMinutes: [30, 60],
    weeklyHours: null,
    demo: true,
    ...(n === WITH_STRIPE_ACCOUNT ? { stripeAccount: 'acct_demo_therapist' } : {}),
  };
}

export const DEMO_THERAPISTS = DEMO_PAIRS.map(demoTherapist);
export const THERAPISTS = [...ORDINARY_THERAPISTS, ...DEMO_THERAPISTS];

/** What a seeded wallet starts with, minor units by currency; the demo's clients pay often. */
export const OPENING_BALANCES: Record<(typeof CURRENCIES)[number], number> = {
  INR: 5_000_000,
  USD: 100_000,
  EUR: 100_000,
};
export const DEMO_OPENING_BALANCES: typeof OPENING_BALANCES = { INR: 100_000_000, USD: 100_000_000, EUR: 100_000_000 };

/** The largest top-up, minor units by currency; 0, 2 and 3 decimals are among them. */
export const TOP_UP_MAXIMA: Record<string, number> = {
  INR: 10_000_000,
  USD: 200_000,
  EUR: 200_000,
  JPY: 300_000,
  KWD: 600_000,
};
