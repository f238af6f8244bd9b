import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { writeWorkflowBundle } from './bundle.js';

const LIMIT = 'Error.stackTraceLimit = 0';

test('workflows take no stack traces, unless they are asked for', async () => {
  expect(await readFile(inject('workflowBundle'), 'utf8')).toContain(LIMIT);
  const folder = await mkdtemp(join(tmpdir(), 'punctual-bundle-'));
  try {
    const file = join(folder, 'bundle.js');
    await writeWorkflowBundle(file, { stackTraces: true });
    expect(await readFile(file, 'utf8')).not.toContain(LIMIT);
  } finally {
    await rm(folder, { recursive: true });
  }
});
