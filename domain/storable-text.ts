/** What PostgreSQL's text and jsonb can't hold: NUL, and half of a surrogate pair. */
// oxlint-disable-next-line no-control-regex
const UNSTORABLE = /[\u0000\ud800-\udfff]/gu;

/** How much of an error's words, or of a stranger's answer, is kept. */
export const KEPT_CHARACTERS = 500;

/** What stands where something was that can't be stored. */
const REPLACEMENT = '\ufffd';

/** Whether PostgreSQL can store this text as it is: asked of what people send, which is never changed silently. */
export function isStorable(text: string): boolean {
  return text.search(UNSTORABLE) === -1;
}

/**
 * A machine's words as PostgreSQL can store them, of at most `longest` UTF-16 units: an error, an answer, an event. A pair that
 * the cut goes through is left out whole.
 */
export function storableText(text: string, longest = Infinity): string {
  const cut = text.length > longest ? text.slice(0, longest).replace(/[\ud800-\udbff]$/, '') : text;
  return cut.replace(UNSTORABLE, REPLACEMENT);
}
