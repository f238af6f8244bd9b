/**
 * Loaded before a process's own modules, as `clock-off.mjs?ms=300000`: its clock is off by so much, also in its threads.
 * No TypeScript, since threads load it too. Temporal's Rust core still sees the right clock.
 */
const RightDate = globalThis.Date;
const offMs = Number(new URL(import.meta.url).searchParams.get('ms'));
if (!Number.isSafeInteger(offMs) || offMs === 0) throw new Error('say by how much the clock is off: ?ms=300000');

class WrongDate extends RightDate {
  /** @param {[] | [number | string | Date] | [number, number]} given */
  constructor(...given) {
    super(...(given.length === 0 ? [RightDate.now() + offMs] : given));
  }

  static now() {
    return RightDate.now() + offMs;
  }
}

/** `Date()` without `new` is a string. */
globalThis.Date = new Proxy(WrongDate, { apply: () => new WrongDate().toString() });
