import type { Template } from '../domain/notifications.js';
import { GERMAN } from './german.js';
import { ENGLISH } from './english.js';
import { HINDI } from './hindi.js';

/** What is said of a template: a title and one sentence. `when` and `payBy` are formatted instants. */
export type Say = (when: string, payBy: string, until: string) => readonly [title: string, sentence: string];

/** One language. No name of another party, no word of what a session is about, how it is held or why it ended. */
export interface Wording {
  language: 'en' | 'de' | 'hi';
  /** For instants, where the reader's own locale is of another language. */
  locale: string;
  hello(name: string): string;
  /** SMS: something is new; more is told to whom signs in. */
  news(when: string): string;
  signIn: string;
  reference(appointmentId: string): string;
  /** Below every mail. */
  choice: string;
  /** An SMS with a code. */
  code(digits: string): string;
  /** The answer to HELP by SMS. */
  help: string;
  texts: Record<Template, Say>;
}

const WORDINGS: readonly Wording[] = [ENGLISH, GERMAN, HINDI];
export const LANGUAGES: readonly string[] = WORDINGS.map(({ language }) => language);

/** A locale's language (`de-AT`: German), English for one that isn't spoken here. */
export function wordingOf(locale: string): Wording {
  const [language] = locale.toLowerCase().split(/[-_]/);
  return WORDINGS.find((wording) => wording.language === language) ?? ENGLISH;
}

/** The reader's locale where its language is spoken here, else that of the language they get. */
export function localeOf(locale: string): string {
  const wording = wordingOf(locale);
  return locale.toLowerCase().startsWith(wording.language) ? locale : wording.locale;
}
