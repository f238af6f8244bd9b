/** What a spreadsheet would take for a formula (https://owasp.org/www-community/attacks/CSV_Injection); numbers pass. */
const FORMULA = /^[=+\-@\t\r]/;
const NUMBER = /^-?\d+(\.\d+)?$/;
const NEEDS_QUOTES = /[",\r\n]/;

function cell(value: string): string {
  const safe = FORMULA.test(value) && !NUMBER.test(value) ? `'${value}` : value;
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** RFC 4180: a header and rows, each ended by CR LF. A cell that a spreadsheet would carry out is led by an apostrophe. */
export function toCsv(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return [header, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

/** Headers of an answer that browsers save under `name`, which is made of plain letters, digits, `-` and `.`. */
export function csvHeaders(name: string): Record<string, string> {
  return { 'content-type': 'text/csv; charset=utf-8', 'content-disposition': `attachment; filename="${name}"` };
}

/** A schema-free `text/csv` body for the OpenAPI document. */
export const CSV_CONTENT = { 'text/csv': { schema: { type: 'string' as const } } };
