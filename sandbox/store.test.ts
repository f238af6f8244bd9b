import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Store } from './store.js';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'sandbox-store-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

it('finds again what was put, changed and deleted, and drops a line that was torn', () => {
  const before = Store.open(dataDir);
  const things = before.collection<{ n: number; name: string }>('things');
  things.put('a', { n: 1, name: 'first' });
  things.put('b', { n: 1, name: 'second' });
  things.put('c', { n: 1, name: 'third' });
  things.change('a', { n: 2 });
  things.delete('b');
  // No close: the process was killed while it wrote.
  appendFileSync(join(dataDir, 'sandbox.jsonl'), '{"c":"things","k":"d","v":{"n"');
  const after = Store.open(dataDir).collection('things');
  expect(after.values()).toEqual([
    { n: 2, name: 'first' },
    { n: 1, name: 'third' },
  ]);
  expect(readFileSync(join(dataDir, 'sandbox.jsonl'), 'utf8').trim().split('\n')).toHaveLength(2);
});

it('can be written to after it was compacted, and forgets all but what is to be kept', () => {
  const store = Store.open(dataDir);
  store.collection('kept').put('k', { n: 1 });
  store.collection('lost').put('l', { n: 1 });
  store.clear(['kept']);
  store.collection('later').put('x', { n: 1 });
  store.close();
  const again = Store.open(dataDir);
  expect(['kept', 'lost', 'later'].map((name) => again.collection(name).size)).toEqual([1, 0, 1]);
});
