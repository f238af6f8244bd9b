import { expect, test } from 'vitest';
import { TEMPLATES } from '../domain/notifications.js';
import { formatInstant } from './instants.js';
import { writeInApp, writeMail, writeSms, type Site } from './messages.js';
import { LANGUAGES, localeOf, wordingOf } from './wording.js';

const SITE: Site = { brand: 'Punctual', webUrl: 'https://app.example.com' };
const TOLD = {
  id: 'abc',
  startsAt: Date.UTC(2026, 10, 24, 15),
  endsAt: Date.UTC(2026, 10, 24, 16, 20),
  payBy: Date.UTC(2026, 10, 24, 12),
};
const inBerlin = { name: 'Ada', locale: 'de-DE', timeZone: 'Europe/Berlin' };

test.each([
  ['en-GB', 'Europe/London', 'Tue, 24 Nov 2026, 15:00 (Europe/London)'],
  ['en-US', 'America/New_York', 'Tue, Nov 24, 2026, 10:00 AM (America/New_York)'],
  ['de-DE', 'Europe/Berlin', 'Di., 24. Nov. 2026, 16:00 (Europe/Berlin)'],
  ['hi-IN', 'Asia/Kolkata', 'मंगल, 24 नव॰ 2026, 08:30 pm (Asia/Kolkata)'],
  ['no locale!', 'Europe/Berlin', 'Tue, 24 Nov 2026, 16:00 (Europe/Berlin)'],
  ['en-GB', 'No/Where', 'Tue, 24 Nov 2026, 15:00 (UTC)'],
])('an instant in %s, %s', (locale, timeZone, expected) => {
  expect(formatInstant(TOLD.startsAt, { locale, timeZone })).toBe(expected);
});

test('every language says every template in words of its own', () => {
  expect(LANGUAGES).toEqual(['en', 'de', 'hi']);
  for (const language of LANGUAGES) {
    const sentences = TEMPLATES.map((template) => wordingOf(language).texts[template]('WHEN', 'PAY_BY', 'UNTIL')[1]);
    expect(new Set(sentences).size).toBe(TEMPLATES.length);
    for (const sentence of sentences) expect(sentence).toContain('WHEN');
  }
  for (const template of TEMPLATES) {
    const said = LANGUAGES.map((language) => wordingOf(language).texts[template]('', '', '').join());
    expect(new Set(said).size).toBe(LANGUAGES.length);
  }
});

test.each([
  ['en-GB', 'Tue, 24 Nov 2026, 16:20'],
  ['de-DE', 'Di., 24. Nov. 2026, 16:20'],
  ['hi-IN', 'मंगल, 24 नव॰ 2026, 04:20 pm'],
])('an extension says until when, in %s', (locale, until) => {
  expect(writeInApp('extended', TOLD, { locale, timeZone: 'Europe/London' }).text).toContain(until);
});

test('a locale that isn’t spoken here is answered in English, dates and all', () => {
  expect(wordingOf('fr-FR').language).toBe('en');
  expect(localeOf('fr-FR')).toBe('en-GB');
  expect(localeOf('de-CH')).toBe('de-CH');
  expect(writeInApp('cancelled', TOLD, { locale: 'fr-FR', timeZone: 'Europe/Paris' })).toEqual({
    title: 'Cancelled',
    text: 'The appointment on Tue, 24 Nov 2026, 16:00 (Europe/Paris) is cancelled.',
  });
});

test('text and HTML say the same, in the reader’s words and zone', () => {
  const { subject, text, html } = writeMail(SITE, 'booking_made', TOLD, inBerlin);
  expect(subject).toBe('Punctual: Di., 24. Nov. 2026, 16:00 (Europe/Berlin)');
  const sentence =
    'Ihr Termin am Di., 24. Nov. 2026, 16:00 (Europe/Berlin) ist gebucht. Bitte bezahlen Sie bis Di., 24. Nov. 2026, 13:00 (Europe/Berlin).';
  for (const one of [text, html]) {
    expect(one).toContain('Guten Tag Ada,');
    expect(one).toContain(sentence);
    expect(one).toContain('https://app.example.com/appointments/abc');
  }
  expect(html).toContain('<html lang="de">');
});

test('nobody’s name becomes markup, and nothing is fetched by opening a mail', () => {
  const { html, text } = writeMail(SITE, 'approved', TOLD, { ...inBerlin, name: `<img src=x onerror="a('b')"> & Co` });
  expect(html).toContain('Guten Tag &lt;img src=x onerror=&quot;a(&#39;b&#39;)&quot;&gt; &amp; Co,');
  expect(html).not.toMatch(/<img|<script|<link|url\(/);
  expect(text).toContain('<img src=x');
});

test('an SMS of ordinary words fits into one, and two rows never have the same text', () => {
  const reading = { locale: 'en-US', timeZone: 'America/New_York' };
  const long = { ...TOLD, id: '0f9a3b52-77c1-4e0b-9f66-5d1c2b3a4e5f' };
  const [first, second] = ['01993f0e-5b7c-7d7e-9d52-0c7a1c1f6a10', '01993f0e-5b7c-7d7e-9d52-0c7a1c1f6a11'];
  const one = writeSms(SITE, 'session_reminder', long, reading, first!);
  expect(one).toMatch(/^[\x20-\x7e]{1,160}$/);
  expect(writeSms(SITE, 'session_reminder', long, reading, second!)).not.toBe(one);
  expect(writeSms(SITE, 'cancelled', long, reading, first!)).toBe(
    'Punctual: news about Tue, Nov 24, 2026, 10:00 AM (America/New_York). Sign in: https://app.example.com/appointments/0f9a3b52-77c1-4e0b-9f66-5d1c2b3a4e5f?n=1c1f6a10',
  );
});
