import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findTemporal, type TemporalSearch } from './temporal-binary.js';
import { pinnedCliVersion } from './temporal-version.js';

let folder: string;
let cached: string;
let search: TemporalSearch;
const said: string[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'punctual-search-'));
  const cacheDir = join(folder, 'cache');
  cached = join(cacheDir, `temporal-${await pinnedCliVersion()}`);
  said.length = 0;
  search = { path: join(folder, 'bin'), cacheDir, say: (line) => said.push(line), providers: [] };
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A program that answers `--version` as the Temporal command line does. */
async function putProgram(path: string, serverVersion: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `#!/bin/sh\necho "temporal version 1.0.0 (Server ${serverVersion}, UI 2.50.1)"\n`, {
    mode: 0o755,
  });
}

const fails = (message: string) => ({ name: message, provide: () => Promise.reject(new Error('closed')) });
const puts = (serverVersion: string) => ({
  name: 'puts',
  provide: (target: string) => putProgram(target, serverVersion),
});

test('an address is taken before any program', async () => {
  await putProgram(join(folder, 'bin', 'temporal'), '1.31.2');
  expect(await findTemporal({ ...search, address: 'example:7233' })).toEqual({
    kind: 'address',
    address: 'example:7233',
  });
});

test('a new enough program on the PATH is taken before the cached one', async () => {
  await putProgram(join(folder, 'bin', 'temporal'), '1.31.0');
  await putProgram(cached, '1.31.2');
  const path = join(folder, 'bin', 'temporal');
  expect(await findTemporal(search)).toEqual({ kind: 'program', path, serverVersion: '1.31.0' });
});

test('the cached one is taken when the one on the PATH is too old', async () => {
  await putProgram(join(folder, 'bin', 'temporal'), '1.29.1');
  await putProgram(cached, '1.31.2');
  expect(await findTemporal(search)).toMatchObject({ path: cached, serverVersion: '1.31.2' });
});

test('what is missing is had by the first way that works, and kept', async () => {
  const providers = [fails('download'), puts('1.31.2'), fails('never asked')];
  expect(await findTemporal({ ...search, providers })).toMatchObject({ path: cached });
  expect(await findTemporal(search)).toMatchObject({ path: cached });
});

test('two at once get it once, the other waits for it', async () => {
  let times = 0;
  const provide = async (target: string) => {
    times += 1;
    await sleep(200);
    await putProgram(target, '1.31.2');
  };
  const slow = { ...search, providers: [{ name: 'slow', provide }] };
  const found = await Promise.all([findTemporal(slow), findTemporal(slow)]);
  expect(found.map((source) => source.kind)).toEqual(['program', 'program']);
  expect(times).toBe(1);
  expect(await readdir(dirname(cached))).toEqual([cached.split('/').pop()]);
});

test("a lock whose holder is gone doesn't block", async () => {
  await mkdir(dirname(cached), { recursive: true });
  await writeFile(`${cached}.lock`, JSON.stringify({ pid: process.pid, startedAt: 'another life' }));
  expect(await findTemporal({ ...search, providers: [puts('1.31.2')] })).toMatchObject({ path: cached });
});

test('when nothing works one sentence says what to do, and what was tried follows', async () => {
  const failing = findTemporal({ ...search, providers: [fails('the download'), fails('the build')] });
  await expect(failing).rejects.toThrow(/^No Temporal server can be had here: [^\n]+TEMPORAL_ADDRESS[^\n]+\.\n/);
  await expect(failing).rejects.toThrow(/tried: the download: closed\n.*tried: the build: closed$/);
});
