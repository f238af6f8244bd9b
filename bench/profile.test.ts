import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { groupOf, readProfiles } from './profile.js';

describe('groupOf', () => {
  it('tells packages, node and our rooms apart', () => {
    expect(groupOf('/x/node_modules/@temporalio/worker/lib/worker.js', 'run')).toBe('@temporalio/worker');
    expect(groupOf('/x/node_modules/a/node_modules/pg/lib/client.js', 'query')).toBe('pg');
    expect(groupOf('node:internal/timers', 'listOnTimeout')).toBe('node:internal');
    expect(groupOf('/x/.punctual/bench-builds/0f/db/commit.js', 'write')).toBe('our db/');
    expect(groupOf('', '(garbage collector)')).toBe('(garbage collector)');
    expect(groupOf('', 'writev')).toBe('(native)');
  });
});

describe('readProfiles', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'punctual-profile-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('adds up what each function took by itself over all threads, without waiting and without what came before', async () => {
    const frame = (functionName: string, url: string) => ({ functionName, url, lineNumber: 3, columnNumber: 0 });
    const profile = {
      startTime: 1_000_000,
      nodes: [
        { id: 1, callFrame: frame('(idle)', '') },
        { id: 2, callFrame: frame('commit', 'file:///app/db/commit.js') },
        { id: 3, callFrame: frame('query', 'file:///app/node_modules/pg/lib/client.js') },
      ],
      // Each lasts until the next: commit 5 ms (too early), query 2 ms, idle 9 ms, commit 4 ms.
      samples: [2, 3, 1, 2, 1],
      timeDeltas: [0, 5_000, 2_000, 9_000, 4_000],
    };
    for (const thread of ['main', 'worker'])
      await writeFile(join(folder, `${thread}.cpuprofile`), JSON.stringify(profile));
    const bundle = join(folder, 'workflow-bundle.js');
    await writeFile(bundle, 'no map in here');
    const found = await readProfiles(folder, bundle, 1_005_000);
    expect(found).toEqual([
      { group: 'our db/', function: 'commit', file: '/app/db/commit.js', selfMs: 8 },
      { group: 'pg', function: 'query', file: 'pg/lib/client.js', selfMs: 4 },
    ]);
  });
});
