import { expect, test } from 'vitest';
import { completePolicy, defaultPolicy, policyFaults, readPolicy, type Policy } from './policy.js';

const MINUTE = 60_000;
/** As a row may hold it: anything. */
const asStored = (value: unknown) => value as Policy;

test('a stored policy keeps its values, and gets the defaults of what was added since', () => {
  const stored = asStored({ minuteMs: 100, openingMinutes: 7 });
  for (const read of [completePolicy, readPolicy]) {
    expect(read(stored)).toEqual({ ...defaultPolicy(100), openingMinutes: 7 });
  }
});

test.each<[unknown, string[]]>([
  ['garbage', ['it is no object']],
  [null, ['it is no object']],
  [[1, 2], ['it is no object']],
  [{}, ['minuteMs']],
  [{ minuteMs: 0 }, ['minuteMs']],
  [{ minuteMs: '100' }, ['minuteMs']],
  [{ minuteMs: MINUTE, openingMinutes: 'soon', bufferMinutes: null }, ['openingMinutes', 'bufferMinutes']],
])('%j can be shown, and never decided by', (value, faults) => {
  const stored = asStored(value);
  expect(policyFaults(stored)).toEqual(faults);
  expect(completePolicy(stored)).toEqual(defaultPolicy(MINUTE));
  expect(() => readPolicy(stored)).toThrow(faults.join(', '));
});

test('what can be read of a bad one stays', () => {
  const stored = asStored({ minuteMs: 100, openingMinutes: 'soon', reminderMinutes: 20 });
  expect(completePolicy(stored)).toEqual({ ...defaultPolicy(100), reminderMinutes: 20 });
});
