import { expect, test } from 'vitest';
import { latenessMs, money, table, timelineLine } from './format.js';

/** Without colours, whatever the terminal. */
const plain = (text: string): string => text.replaceAll(new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g'), '');

test('money has the decimals of its currency', () => {
  expect(money(4_998, 'EUR')).toBe('49.98 EUR');
  expect(money(4_998, 'JPY')).toBe('4998 JPY');
  expect(money(4_998, 'KWD')).toBe('4.998 KWD');
  expect(money(0, 'INR')).toBe('0.00 INR');
});

test('columns line up, also with colours in them, and nothing trails', () => {
  const red = `${String.fromCharCode(27)}[31mno_show${String.fromCharCode(27)}[39m`;
  const lines = plain(
    table(
      ['ID', 'STATUS', 'MIN'],
      [
        ['a', red, '30'],
        ['abc', 'scheduled', '5'],
      ],
    ),
  ).split('\n');
  expect(lines).toEqual(['ID   STATUS     MIN', 'a    no_show    30', 'abc  scheduled  5']);
});

test('a timeline entry says who, what became of it and how late it was written', () => {
  const item = {
    kind: 'opening_due',
    actor: { role: 'system', id: null },
    due: '2026-11-24T15:00:00.000Z',
    at: '2026-11-24T15:00:00.042Z',
    detail: { status: 'confirmed' },
  };
  expect(latenessMs(item)).toBe(42);
  expect(plain(timelineLine(item))).toBe('15:00:00.042  opening_due            system    -> confirmed +42 ms');
  const refused = {
    ...item,
    kind: 'activate',
    actor: { role: 'operator', id: null },
    due: null,
    detail: { refused: 'payment_required' },
  };
  expect(plain(timelineLine(refused))).toBe('15:00:00.042  activate               operator  refused payment_required');
});
