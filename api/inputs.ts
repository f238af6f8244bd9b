import { z } from '@hono/zod-openapi';
import { isStorable } from '../domain/storable-text.js';

/** What callers may send, bounded so that nothing of it can trouble PostgreSQL or Temporal. */

/** Free text of 1 to `longest` characters. */
export const text = (longest: number) =>
  z
    .string()
    .max(longest)
    .refine((value) => value.trim() !== '', 'must not be blank')
    .refine(isStorable, 'holds characters that can’t be stored');

export const reason = text(500);

/** The instants this API takes, epoch ms. */
export const EARLIEST = Date.parse('2000-01-01T00:00:00Z');
export const LATEST = Date.parse('2200-01-01T00:00:00Z');

/** An RFC 3339 instant of this or the next century, as epoch ms. */
export const instantInput = z.iso
  .datetime({ offset: true })
  .transform((value) => Date.parse(value))
  .refine((ms) => ms >= EARLIEST && ms < LATEST, 'must lie between the years 2000 and 2200')
  .openapi({ type: 'string', format: 'date-time', example: '2026-11-24T15:00:00Z' });

/** An opaque id in a body or query: any text; what names nothing is answered as such. */
export const idInput = z.string().min(1).max(100);

/** A path's id. */
export const idParam = z.object({ id: z.string().openapi({ param: { name: 'id', in: 'path' } }) });

/** A query parameter that may be repeated. */
export const repeated = <T extends z.ZodType>(item: T) =>
  z
    .union([item.transform((one) => [one]), z.array(item).max(20)])
    .optional()
    .openapi({ type: 'array', items: {} });

/** Printable ASCII, as a header can carry it. */
const KEY = /^[\x21-\x7e]{1,200}$/;
const key = z.string().regex(KEY, 'must be 1 to 200 printable ASCII characters');

const described = {
  description: 'A fresh one per intent, the same one for its repeats; remembered for 24 h.',
  example: '0f5f8c1e-booking',
};
export const optionalKey = z.object({ 'idempotency-key': key.optional().openapi(described) });
export const requiredKey = z.object({ 'idempotency-key': key.openapi(described) });
