import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { ACCOUNT_KINDS } from '../db/accounts.js';
import { ATTENTION_KINDS } from '../db/attention.js';
import type { TransactionKind } from '../db/ledger.js';
import { LEDGER_RULES } from '../db/ledger-rules.js';
import { DIFFERENCE_KINDS } from '../domain/reconciliation.js';

const page = await readFile(new URL('money.md', import.meta.url), 'utf8');

/** Exhaustive by its type: a new kind of transaction does not compile until it stands here. */
const TRANSACTION_KINDS = Object.keys({
  top_up: true,
  promotion: true,
  fund: true,
  settle: true,
  refund_requested: true,
  refund_completed: true,
  refund_refused: true,
  earnings_reversed: true,
  dispute_opened: true,
  dispute_won: true,
  dispute_lost: true,
  payout: true,
  payout_failed: true,
} satisfies Record<TransactionKind, true>);

const rowsOf = (start: RegExp): string[][] =>
  page
    .split('\n')
    .filter((line) => line.startsWith('|') && start.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()));

describe('the page speaks of', () => {
  test('every kind of account and of transaction', () => {
    for (const kind of ACCOUNT_KINDS) expect(page).toContain(`\`${kind}\``);
    for (const kind of TRANSACTION_KINDS) expect(page).toMatch(new RegExp(`\\| \`${kind}\` \\|`));
  });

  test('what to do about every rule of the check, every difference, and money in attention', () => {
    for (const name of [...Object.keys(LEDGER_RULES), ...DIFFERENCE_KINDS]) {
      const [row] = rowsOf(new RegExp(`^\\| \`${name}\` \\|`));
      expect(row, name).toHaveLength(5);
      expect(row![3]!.length, name).toBeGreaterThan(20);
    }
    const money = ATTENTION_KINDS.filter((kind) => !/^(message|notification|deadline|room|webhook)/.test(kind));
    expect(money.length).toBeGreaterThan(5);
    for (const kind of money) expect(page).toContain(`\`${kind}\``);
  });
});

/** `account` +1.23, in minor units. */
const POSTING = /`([a-z_]+)` ([+-])(\d+)\.(\d\d)/g;
const postingRows = page.split('\n').filter((line) => line.startsWith('|') && [...line.matchAll(POSTING)].length > 1);

test('every example of postings sums to zero, in accounts that there are', () => {
  expect(postingRows.length).toBeGreaterThan(20);
  for (const row of postingRows) {
    let sumMinor = 0;
    for (const [, kind, sign, whole, cents] of row.matchAll(POSTING)) {
      expect(ACCOUNT_KINDS, row).toContain(kind);
      sumMinor += (sign === '-' ? -1 : 1) * (Number(whole) * 100 + Number(cents));
    }
    expect(sumMinor, row).toBe(0);
  }
});

test('the whole example balances line by line, and its last line is their sum', () => {
  const lines = rowsOf(
    /^\| (`fund`, hold|`settle` of half|`refund_requested` \| \||`refund_completed` \| \+|\*\*balances)/,
  );
  const amounts = lines.map((cells) => cells.slice(2, 7).map((cell) => Number(cell.replaceAll('*', '') || 0)));
  expect(amounts).toHaveLength(5);
  const total = (column: number, rows: number[][]) =>
    rows.reduce((sum, row) => sum + Math.round(row[column]! * 100), 0);
  for (const row of amounts) expect(row.reduce((sum, amount) => sum + Math.round(amount * 100), 0)).toBe(0);
  for (let column = 0; column < 5; column += 1)
    expect(Math.round(amounts[4]![column]! * 100)).toBe(total(column, amounts.slice(0, 4)));
});

test('every route it names is one of the API', async () => {
  const folder = new URL('../api/routes/', import.meta.url);
  const sources = await Promise.all((await readdir(folder)).map((name) => readFile(new URL(name, folder), 'utf8')));
  const paths = [...page.matchAll(/`?(?:GET |POST )?(\/v1\/[\w{}/-]+)/g)].map(([, path]) => path!);
  expect(paths.length).toBeGreaterThan(8);
  for (const path of new Set(paths)) expect(sources.join('\n'), path).toContain(`'${path}'`);
});
