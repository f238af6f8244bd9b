import { expect, test } from 'vitest';
import { RULES } from './lifecycle.js';
import { isRefusalCode, REFUSALS, refusal, Refused, type RefusalCode } from './refusals.js';

const CODES = Object.keys(REFUSALS) as RefusalCode[];

test.each(CODES.map((code) => [code]))('%s has a sentence and a remedy that people can read', (code) => {
  const { message, remedy } = refusal(code);
  for (const sentence of [message, remedy]) expect(sentence).toMatch(/^[A-Z].{8,}\.$/);
  expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
});

test('every refusal of the lifecycle is one of them', () => {
  const used = RULES.flatMap(({ then }) => ('refuse' in then ? [then.refuse] : []));
  expect(used.length).toBeGreaterThan(0);
  for (const code of used) expect(isRefusalCode(code)).toBe(true);
});

test('no two say the same', () => {
  expect(new Set(CODES.map((code) => refusal(code).message)).size).toBe(CODES.length);
});

test('a code is one only if it is listed, not because every object has it', () => {
  for (const code of ['toString', 'constructor', '__proto__', '', 'nonsense']) expect(isRefusalCode(code)).toBe(false);
});

test('what is thrown carries the code, its sentence and what it names', () => {
  const thrown = new Refused('therapist_busy', { blockingAppointmentId: 'x' });
  expect(thrown).toMatchObject({
    name: 'Refused',
    code: 'therapist_busy',
    message: refusal('therapist_busy').message,
    facts: { blockingAppointmentId: 'x' },
  });
});
