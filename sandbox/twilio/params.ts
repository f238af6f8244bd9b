import { TwilioFailure } from './errors.js';

export type Fields = Record<string, unknown>;

/** Text of a field; null when absent or empty. */
export function text(fields: Fields, name: string): string | null {
  const value = fields[name];
  return typeof value === 'string' && value !== '' ? value : null;
}

/** @throws TwilioFailure 20001 when it is there and no whole number between the bounds. */
export function integer(fields: Fields, name: string, min: number, max: number): number | null {
  const value = text(fields, name);
  if (value === null) return null;
  const number = Number(value);
  if (!Number.isInteger(number) || number < min || number > max) {
    throw new TwilioFailure(400, 20001, `Invalid ${name}: it must be between ${min} and ${max}.`);
  }
  return number;
}

/** @throws TwilioFailure 20001 for a name that Twilio's published contract doesn't have. */
export function checkNames(fields: Fields, allowed: readonly string[]): void {
  const unknown = Object.keys(fields).find((name) => !allowed.includes(name));
  if (unknown !== undefined) throw new TwilioFailure(400, 20001, `Unknown parameter: ${unknown}`);
}
