/** Separators that people write; they are none of the number. */
const SEPARATORS = /[\s().\-\u2010-\u2015]/g;
/** E.164: a plus, a country's code without a leading zero, 15 digits at most; none is shorter than 8. */
const E164 = /^\+[1-9]\d{7,14}$/;

/** A telephone number as E.164 has it (`+44 20 7946 0018`: `+442079460018`); null for what is none. */
export function canonicalPhone(given: string): string | null {
  const phone = given.replaceAll(SEPARATORS, '');
  return E164.test(phone) ? phone : null;
}

export type SmsKeyword = 'stop' | 'start' | 'help';

/** The words that carriers ask for, as Twilio reads them. https://help.twilio.com/articles/223134027 */
const KEYWORDS: Record<string, SmsKeyword> = {
  stop: 'stop',
  stopall: 'stop',
  unsubscribe: 'stop',
  cancel: 'stop',
  end: 'stop',
  quit: 'stop',
  revoke: 'stop',
  optout: 'stop',
  start: 'start',
  yes: 'start',
  unstop: 'start',
  help: 'help',
  info: 'help',
};

/** What somebody asks for who answers an SMS; the word must be all of it. Null for anything else. */
export function keywordOf(body: string): SmsKeyword | null {
  const word = body
    .trim()
    .toLowerCase()
    .replaceAll(/[^a-z]/g, '');
  return body.trim().length <= 20 && Object.hasOwn(KEYWORDS, word) ? KEYWORDS[word]! : null;
}
