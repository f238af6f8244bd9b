import { expect, test } from 'vitest';
import { toCsv } from './csv.js';

test('quotes what needs it, ends every row with CR LF', () => {
  expect(
    toCsv(
      ['name', 'amount'],
      [
        ['Carter, Ben "BC"', '-12.50'],
        ['two\nlines', '0'],
      ],
    ),
  ).toBe('name,amount\r\n"Carter, Ben ""BC""",-12.50\r\n"two\nlines",0\r\n');
});

test.each(['=1+1', '+1', '-a', '@x', '\tx'])('%j is no formula any more', (text) => {
  expect(toCsv(['name'], [[text]])).toBe(`name\r\n'${text}\r\n`);
});
