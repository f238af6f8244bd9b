import { describe, expect, test } from 'vitest';
import { TEMPLATES } from '../domain/notifications.js';
import { OUTCOME_REASONS } from '../domain/types.js';
import { writeCalendar, writeInvitation } from './calendar.js';
import { isBrandName, writeCodeSms, writeHelpSms, writeInApp, writeMail, writeSms, type Site } from './messages.js';

/** Every template by every channel in every language, looked through for what must not be said. */

const SITE: Site = { brand: 'Punctual', webUrl: 'https://app.example.com' };
const LOCALES = ['en-GB', 'en-US', 'en-IN', 'de-DE', 'de-AT', 'hi-IN', 'fr-FR', 'xx', ''];
const TOLD = {
  id: '0f9a3b52-77c1-4e0b-9f66-5d1c2b3a4e5f',
  startsAt: Date.UTC(2026, 10, 24, 15),
  endsAt: Date.UTC(2026, 10, 24, 16),
  payBy: Date.UTC(2026, 10, 24, 12),
};
const ROW_ID = '01993f0e-5b7c-7d7e-9d52-0c7a1c1f6a10';
const READER = { name: 'Recipient Ownname', timeZone: 'Asia/Kolkata' };
const LINK = `https://app.example.com/appointments/${TOLD.id}`;

/** What it is, how it is held, who else is in it, in the languages that are spoken. */
const NEVER = [
  /therap|थेरेपी|थेरपी|चिकित्स|psych|counsel|clinic|mental|patient|treat|doctor|\bdr\b|session|sitzung|सत्र/iu,
  /video|audio|\bchat|\bcall\b|anruf|वीडियो|ऑडियो|चैट/iu,
  /client|klient|क्लाइंट|Asha|Menon|Chitra/iu,
];
/** Why something ended or is as it is: in mails and in the app, never on a locked screen. */
const NEVER_ON_LOCKED_SCREENS = [
  /cancel|abgesagt|रद्द|expire|verfallen|समाप्त|missed|versäumt|छूट|refund|zurück|लौटा|dispute|streit|आपत्ति|paid|bezahl|भुगतान|approv|freigabe|मंज़ूर/iu,
  ...OUTCOME_REASONS.map((reason) => new RegExp(reason, 'iu')),
];

const cases = LOCALES.flatMap((locale) => TEMPLATES.map((template) => [locale, template] as const));

describe.each(cases)('%s %s', (locale, template) => {
  const reader = { ...READER, locale };
  const mail = writeMail(SITE, template, TOLD, reader);
  const sms = writeSms(SITE, template, TOLD, reader, ROW_ID);

  test('says nothing of therapy, mode or the other party, anywhere', () => {
    const { title, text } = writeInApp(template, TOLD, reader);
    // The rendering's own words, as `<meta charset>` and `viewport`, are no text.
    const seen = [mail.subject, mail.text, mail.html.replaceAll(/<[^>]*>/g, ' '), sms, title, text];
    for (const words of NEVER) for (const one of seen) expect(one).not.toMatch(words);
  });

  test('SMS and subject carry brand, time and a link alone', () => {
    for (const words of NEVER_ON_LOCKED_SCREENS)
      for (const one of [mail.subject, sms.replace(LINK, '')]) expect(one).not.toMatch(words);
    expect(mail.subject).toMatch(/^Punctual: \S.*\(Asia\/Kolkata\)$/);
    expect(sms).toMatch(/^Punctual: \S.*\(Asia\/Kolkata\).*: https:\/\/app\.example\.com\/appointments\/[\w-]+\?n=/);
    expect(sms).not.toContain(READER.name);
    expect(sms.replace(`${LINK}?n=1c1f6a10`, '')).not.toMatch(/https?:|[0-9a-f]{8}/);
  });

  test('its links lead to the sign-in and carry nothing that lets anybody in', () => {
    const links = [...`${mail.text} ${mail.html}`.matchAll(/https?:[^\s"<]+/g)].map(([link]) => link);
    expect(new Set(links)).toEqual(new Set([LINK]));
  });
});

test.each(LOCALES)('a calendar entry is private and carries brand, time and link alone (%s)', (locale) => {
  const entry = {
    id: TOLD.id,
    startsAt: TOLD.startsAt,
    endsAt: TOLD.startsAt + 3_600_000,
    sequence: 3,
    updatedAt: TOLD.payBy,
  };
  for (const state of ['tentative', 'confirmed', 'cancelled'] as const) {
    const feed = writeCalendar(SITE, [{ ...entry, state }], locale);
    const { content } = writeInvitation(
      SITE,
      { ...entry, state },
      { organizer: 'no-reply@example.com', attendee: 'recipient@example.com', locale },
    );
    for (const text of [feed, content]) {
      const unfolded = text.replaceAll('\r\n ', '');
      const names = unfolded.split('\r\n').map((line) => line.split(/[:;]/)[0]);
      expect(unfolded).toContain('\r\nCLASS:PRIVATE\r\n');
      expect(unfolded).toContain('\r\nSUMMARY:Punctual\r\n');
      for (const absent of ['LOCATION', 'COMMENT', 'CONTACT', 'CATEGORIES']) expect(names).not.toContain(absent);
      for (const words of NEVER) expect(unfolded).not.toMatch(words);
      expect(names.filter((name) => name === 'ATTENDEE').length).toBeLessThanOrEqual(1); // the recipient, nobody else
    }
    expect(feed).not.toMatch(/ATTENDEE|ORGANIZER|mailto/i);
  }
});

test('codes and help say as little', () => {
  for (const locale of LOCALES) {
    for (const words of NEVER)
      for (const one of [writeCodeSms(SITE, '123456', locale), writeHelpSms(SITE, locale)])
        expect(one).not.toMatch(words);
    expect(writeCodeSms(SITE, '123456', locale)).toContain('123456');
  }
});

test('a brand that gives it away is refused', () => {
  expect(['Punctual', 'Müller & Söhne', 'समय'].every(isBrandName)).toBe(true);
  for (const brand of ['', 'City Therapy', 'PsychLine', 'a\nb', 'x'.repeat(41), '<b>', ' a']) {
    expect(isBrandName(brand), brand).toBe(false);
  }
});
