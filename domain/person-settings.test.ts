import { expect, test } from 'vitest';
import { canonicalLocale, isKnownTimeZone } from './person-settings.js';

test.each([
  ['en', 'en'],
  ['en-gb', 'en-GB'],
  ['zh-hant-tw', 'zh-Hant-TW'],
  ['', null],
  ['english please', null],
  ['en_GB', null],
  ['e', null],
  ['en-' + 'x-'.repeat(20), null],
])('locale %j is %j', (given, expected) => {
  expect(canonicalLocale(given)).toBe(expected);
});

test.each(['Europe/Berlin', 'Asia/Kolkata', 'UTC', 'Etc/GMT+5', 'America/Argentina/Buenos_Aires'])(
  '%s is a zone',
  (given) => {
    expect(isKnownTimeZone(given)).toBe(true);
  },
);

test.each(['+05:30', 'Europe/Atlantis', 'Europe/Berlin ', '', '../etc/passwd', 'posix/Europe/Berlin'])(
  '%j is none',
  (given) => {
    expect(isKnownTimeZone(given)).toBe(false);
  },
);
