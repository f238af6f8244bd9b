import { expect, test } from 'vitest';
import { canonicalPhone, keywordOf } from './phone.js';

test.each([
  ['+44 20 7946 0018', '+442079460018'],
  ['+1 (202) 555-0100', '+12025550100'],
  ['+91.98765.43210', '+919876543210'],
  ['+999123456789012', '+999123456789012'],
  ['442079460018', null],
  ['0044 20 7946 0018', null],
  ['+0442079460018', null],
  ['+123', null],
  ['+1234567890123456', null],
  ['+44207946001x', null],
  ['tel:+442079460018', null],
  ['', null],
])('%s is %s', (given, expected) => {
  expect(canonicalPhone(given)).toBe(expected);
});

test.each([
  ['STOP', 'stop'],
  [' stop. ', 'stop'],
  ['Unsubscribe', 'stop'],
  ['STOP ALL', 'stop'],
  ['START', 'start'],
  ['help', 'help'],
  ['please stop calling', null],
  ['constructor', null],
  ['', null],
  ['don’t stop', null],
])('%s asks for %s', (body, expected) => {
  expect(keywordOf(body)).toBe(expected);
});
