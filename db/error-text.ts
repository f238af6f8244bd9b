const LONGEST = 500;

/** An error's words as PostgreSQL can store them: cut, without a half character at the cut, without NUL. */
export function errorText(said: string): string {
  return said.slice(0, LONGEST).toWellFormed().replaceAll('\0', '');
}
