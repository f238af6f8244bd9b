import { badRequest } from './errors.js';
import type { Notes } from './objects.js';

type Fields = Record<string, unknown>;

/** @throws RazorpayFailure for names the operation doesn't know. */
export function checkNames(fields: Fields, allowed: readonly string[]): void {
  const extra = Object.keys(fields).filter((name) => !allowed.includes(name));
  if (extra.length > 0) throw badRequest(`${extra.join(', ')} is/are not required and should not be sent`);
}

/** Whole minor units. @throws RazorpayFailure when absent (unless optional), no integer or below the minimum. */
export function amount(fields: Fields, minimum: number): number | null {
  const value = fields['amount'];
  if (value === undefined || value === null) return null;
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isInteger(number))
    throw badRequest('The amount must be an integer.', 'amount');
  if (number < minimum) throw badRequest('Order amount less than minimum amount allowed', 'amount');
  return number;
}

/** At most 15 pairs of at most 256 characters. */
export function notes(fields: Fields): Notes {
  const value = fields['notes'];
  if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) return [];
  if (typeof value !== 'object' || Array.isArray(value)) throw badRequest('Notes must be an array', 'notes');
  const pairs = Object.entries(value).map(([key, inner]) => [key, String(inner)] as const);
  if (pairs.length > 15) throw badRequest('Number of fields in notes should be less than or equal to 15', 'notes');
  if (pairs.some(([, inner]) => inner.length > 256)) {
    throw badRequest('Each note must be at most 256 characters long', 'notes');
  }
  return pairs.length === 0 ? [] : Object.fromEntries(pairs);
}

export function optionalText(fields: Fields, name: string, maxLength: number): string | null {
  const value = fields[name];
  if (value === undefined || value === null || value === '') return null;
  if (typeof value === 'object') throw badRequest(`The ${name} must be a string.`, name);
  const textValue = String(value as string | number | boolean);
  if (textValue.length > maxLength) {
    throw badRequest(`The ${name} may not be greater than ${maxLength} characters.`, name);
  }
  return textValue;
}

/** Razorpay takes booleans as true, 1, "1" and "true". */
export function flag(fields: Fields, name: string): boolean | null {
  const value = fields[name];
  if (value === undefined || value === null || value === '') return null;
  return value === true || value === 1 || value === '1' || value === 'true';
}
