import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { PAST_SHAPES, SHAPES } from './histories/shapes/index.js';
import { mustReplay, parseHistoryName, toHistory, whatToDo, type History } from './support/histories.js';

/**
 * Histories of every shape of life, as they were when they were recorded: appointments outlive deployments. Those of
 * 1.0 come from workflows that made and closed rooms themselves. tests/histories/record.temporal.test.ts records.
 */
const FOLDER = new URL('./histories/', import.meta.url);
const files = (await readdir(FOLDER)).filter((file) => file.endsWith('.json'));

async function read(file: string): Promise<History> {
  return toHistory(JSON.parse(await readFile(new URL(file, FOLDER), 'utf8')) as object);
}

describe('recorded histories', () => {
  test('every shape has one, and every one is of a known shape', () => {
    const recorded = files.map((file) => parseHistoryName(file)?.shape ?? `${file} is named like no history`);
    const known = [...Object.keys(SHAPES), ...PAST_SHAPES];
    expect([...new Set(recorded)].toSorted()).toEqual(known.toSorted());
  });

  test.each(files)('%s replays', async (file) => {
    await mustReplay(inject('workflowBundle'), parseHistoryName(file)!, await read(file));
  });
});

describe('workflow code that was changed', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'punctual-replay-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** The bundle of a fixture's workflows, as a worker would load it. */
  async function bundleOf(fixture: string): Promise<string> {
    const workflowsPath = fileURLToPath(new URL(`fixtures/${fixture}.ts`, FOLDER));
    const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
    const file = join(folder, `${fixture}.js`);
    await writeFile(file, code);
    return file;
  }

  const [name, file] = [{ shape: 'completed-video', label: '1.0' }, 'completed-video.1.0.json'];

  test('without a guard fails with one sentence that says what to do', async () => {
    const error = await mustReplay(await bundleOf('unguarded'), name, await read(file)).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).message).toBe(
      "Open workflows of the shape completed-video, as recorded at 1.0, would break: guard the change with patched('<name>') " +
        'from @temporalio/workflow, keep the old branch, and record a new history beside the old one with ' +
        'RECORD_HISTORIES=<label> npm test -- tests/histories (never record an old one anew).',
    );
    expect(whatToDo(name).match(/\.(\s|$)/g)).toHaveLength(1);
  });

  test('behind patched() replays what was recorded before it', async () => {
    await mustReplay(await bundleOf('guarded'), name, await read(file));
  });
});
