import type { Context } from 'hono';
import { sha256 } from './ids.js';
import type { ApiEnv } from './services.js';

export const CALENDAR = 'text/calendar; charset=utf-8';

/** RFC 9110, 13.1.2: a list of entity tags, or any; compared weakly. */
function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.split(',').some((tag) => ['*', etag].includes(tag.trim().replace(/^W\//, '')));
}

/** A calendar with its ETag; 304 to whom has it already. `maxAgeSeconds`: how long it need not be asked for again. */
export function answerCalendar(
  c: Context<ApiEnv>,
  text: string,
  { maxAgeSeconds, filename }: { maxAgeSeconds: number; filename: string },
) {
  const etag = `"${sha256(text)}"`;
  c.header('etag', etag);
  c.header('cache-control', maxAgeSeconds === 0 ? 'private, no-cache' : `private, max-age=${maxAgeSeconds}`);
  if (isKnown(c.req.header('if-none-match'), etag)) return c.body(null, 304);
  c.header('content-disposition', `attachment; filename="${filename}"`);
  return c.body(text, 200, { 'content-type': CALENDAR });
}
