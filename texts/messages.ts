import type { Template } from '../domain/notifications.js';
import { formatInstant, type Reading } from './instants.js';
import { layOut } from './html.js';
import { localeOf, wordingOf, type Wording } from './wording.js';

/** Who speaks: the brand, and the web app where one signs in (no slash at its end). */
export interface Site {
  brand: string;
  webUrl: string;
}

export interface Reader extends Reading {
  name: string;
}

/** What a text may know of an appointment; instants in epoch ms. */
export interface Told {
  id: string;
  startsAt: number;
  endsAt: number;
  payBy: number;
}

export interface Mail {
  subject: string;
  text: string;
  html: string;
}

const BRAND = /^[\p{L}\p{N}][\p{L}\p{M}\p{N} .,&+'-]{0,39}$/u;
const TELLING = /therap|psych|counsel|थेरेपी/iu;
export const BRAND_RULE = 'must be 1 to 40 letters, digits and spaces that don’t say what is treated';

/** A name that may stand on locked screens, calendars and card statements. */
export function isBrandName(text: string): boolean {
  return BRAND.test(text) && !TELLING.test(text);
}

/** Where somebody who signs in sees the appointment. Whoever has the link has nothing yet. */
export function signInLink({ webUrl }: Site, appointmentId: string): string {
  return `${webUrl}/appointments/${appointmentId}`;
}

function read(told: Told, reading: Reading): { wording: Wording; when: string; payBy: string; until: string } {
  const wording = wordingOf(reading.locale);
  const written = (instant: number): string =>
    formatInstant(instant, { locale: localeOf(reading.locale), timeZone: reading.timeZone });
  return { wording, when: written(told.startsAt), payBy: written(told.payBy), until: written(told.endsAt) };
}

/** What an in-app message says, behind the sign-in. */
export function writeInApp(template: Template, told: Told, reading: Reading): { title: string; text: string } {
  const { wording, when, payBy, until } = read(told, reading);
  const [title, text] = wording.texts[template](when, payBy, until);
  return { title, text };
}

/** A mail, as text and as HTML. Its subject shows on locked screens: brand and time alone. */
export function writeMail(site: Site, template: Template, told: Told, reader: Reader): Mail {
  const { wording, when, payBy, until } = read(told, reader);
  const [title, sentence] = wording.texts[template](when, payBy, until);
  const link = signInLink(site, told.id);
  const subject = `${site.brand}: ${when}`;
  const hello = wording.hello(reader.name);
  const below = [wording.reference(told.id), wording.choice];
  const text = [hello, sentence, `${wording.signIn}: ${link}`, [site.brand, ...below].join('\n')].join('\n\n');
  const html = layOut({
    language: wording.language,
    subject,
    brand: site.brand,
    title,
    paragraphs: [hello, sentence],
    action: { label: wording.signIn, link },
    below,
  });
  return { subject, text: `${text}\n`, html };
}

/** Templates whose time is the message; the others say that there is news, and not what. */
const REMINDERS: ReadonlySet<Template> = new Set(['session_reminder', 'payment_reminder', 'join_open']);
const MARK_LENGTH = 8;

/** What an SMS is known by, from the end of its row's id: the same at every try, also where the time has moved since. */
export function smsMark(rowId: string): string {
  return `n=${rowId.slice(-MARK_LENGTH)}`;
}

/**
 * An SMS, which shows on locked screens and is kept by carriers: the brand, the time and a link alone. The mark on the
 * link keeps two rows' texts apart where the vendor is asked whether one was sent.
 */
export function writeSms(site: Site, template: Template, told: Told, reading: Reading, rowId: string): string {
  const { wording, when } = read(told, reading);
  const about = REMINDERS.has(template) ? when : wording.news(when);
  const link = `${signInLink(site, told.id)}?${smsMark(rowId)}`;
  return `${site.brand}: ${about}. ${wording.signIn}: ${link}`;
}

/** The SMS that brings a code. */
export function writeCodeSms({ brand }: Site, digits: string, locale: string): string {
  return `${brand}: ${wordingOf(locale).code(digits)}`;
}

/** What HELP by SMS is answered with. */
export function writeHelpSms({ brand, webUrl }: Site, locale: string): string {
  return `${brand}: ${wordingOf(locale).help} ${webUrl}`;
}
