import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { NOTIFICATION_KINDS } from '../domain/events.js';
import { RULES } from '../domain/lifecycle.js';
import { REFUSALS } from '../domain/refusals.js';
import { STATUSES } from '../domain/types.js';
import { regenerate, ruleTable, SECTIONS, stateDiagram } from './lifecycle-sections.js';

const page = await readFile(new URL('lifecycle.md', import.meta.url), 'utf8');

test('docs/lifecycle.md prints domain/ as it is', () => {
  expect(page, 'docs/lifecycle.md is stale: run `npm run docs` and commit it').toBe(regenerate(page));
});

test('a page of another time would be noticed, in every generated part', () => {
  for (const name of Object.keys(SECTIONS)) {
    const begin = `<!-- generated: ${name} -->\n`;
    const stale = page.replace(begin, `${begin}\nfrom another time\n`);
    expect(stale).not.toBe(page);
    expect(regenerate(stale)).toBe(page);
  }
});

test('a part without its place is an error that names it', () => {
  expect(() => regenerate(page.replace('<!-- end: rules -->', ''))).toThrow(/no place for "rules"/);
});

test('every rule is a row of the table', () => {
  expect(ruleTable().split('\n')).toHaveLength(RULES.length + 2);
});

test('the diagram is what Mermaid reads, and goes where the rules go', () => {
  const lines = stateDiagram().split('\n');
  expect(lines.slice(0, 3)).toEqual(['```mermaid', 'stateDiagram-v2', '  [*] --> scheduled: booked']);
  for (const line of lines.slice(2, -1))
    expect(line).toMatch(/^ {2}(\[\*\]|[a-z_]+) --> (\[\*\]|[a-z_]+)(: [a-z_() <>/br]+)?$/);
  expect(lines).toContain('  confirmed --> in_progress: join');
});

test('the page speaks of every status, notification and refusal', () => {
  for (const word of [...STATUSES, ...NOTIFICATION_KINDS, ...Object.keys(REFUSALS)])
    expect(page).toContain(`\`${word}\``);
});
