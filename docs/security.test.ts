import { access, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { LIMIT_DEFAULTS } from '../api/limits.js';

const page = await readFile(new URL('security.md', import.meta.url), 'utf8');

test('every test that docs/security.md names is there', async () => {
  const named = [...new Set(page.match(/\b(?:[\w-]+\/)+[\w.-]+\.test\.ts\b/g))];
  expect(named.length).toBeGreaterThan(30);
  for (const path of named) {
    await expect(access(new URL(`../${path}`, import.meta.url)), path).resolves.toBeUndefined();
  }
});

test('every control has a test', () => {
  const rows = page.split('\n').filter((line) => /^\| .* \|$/.test(line) && line.includes('.test.ts'));
  expect(rows.length).toBeGreaterThan(25);
});

test('docs/operations.md names every limit with its default', async () => {
  const operations = await readFile(new URL('operations.md', import.meta.url), 'utf8');
  for (const [name, { most }] of Object.entries(LIMIT_DEFAULTS)) {
    expect(operations, name).toMatch(new RegExp(`^\\| \`${name}\` \\| ${most.toLocaleString('en')} in `, 'm'));
  }
});
