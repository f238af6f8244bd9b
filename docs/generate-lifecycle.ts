import { readFile, writeFile } from 'node:fs/promises';
import { regenerate } from './lifecycle-sections.js';

// npm run docs: prints the tables of docs/lifecycle.md anew from domain/. The prose around them is written by hand.
const page = new URL('lifecycle.md', import.meta.url);
const before = await readFile(page, 'utf8');
const after = regenerate(before);
if (after !== before) await writeFile(page, after);
process.stdout.write(
  after === before ? 'docs/lifecycle.md is as domain/ has it.\n' : 'docs/lifecycle.md was written anew.\n',
);
