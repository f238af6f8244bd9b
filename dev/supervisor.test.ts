import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ChildSpec } from './child.js';
import { projectRoot } from './config.js';
import { identify } from './process-identity.js';
import { Supervisor } from './supervisor.js';

let supervisor: Supervisor;
const lines: string[] = [];
beforeEach(() => {
  supervisor = new Supervisor();
  lines.length = 0;
});
afterEach(() => supervisor.stopAll());

function shell(name: string, script: string, more: Partial<ChildSpec> = {}): ChildSpec {
  const env = { PATH: '/usr/bin:/bin' };
  return {
    name,
    command: '/bin/sh',
    args: ['-c', script],
    env,
    onLine: (line) => lines.push(`${name}: ${line}`),
    ...more,
  };
}

/** Runs until it is told to end, and says so. */
const obedient = 'trap "echo bye; exit 0" TERM; echo up; while :; do sleep 0.05; done';
const isUp = (name: string) => () => Promise.resolve(lines.includes(`${name}: up`));

describe('stopping', () => {
  test('goes in reverse order, one after the other', async () => {
    for (const name of ['one', 'two', 'three']) await supervisor.start(shell(name, obedient), isUp(name));
    await supervisor.stopAll();
    expect(lines.filter((line) => line.endsWith('bye'))).toEqual(['three: bye', 'two: bye', 'one: bye']);
  });

  test('kills what does not end within its grace, its own children too', async () => {
    const script = 'trap "" TERM; sleep 300 & echo $!; echo up; while :; do sleep 0.05; done';
    const stubborn = await supervisor.start(shell('stubborn', script, { graceMs: 200 }), isUp('stubborn'));
    const grandchild = Number(lines[0]?.replace('stubborn: ', ''));
    expect(identify(grandchild)).toBeDefined();
    await supervisor.stopAll();
    expect(await stubborn.exited).toEqual({ code: null, signal: 'SIGKILL' });
    await vi.waitFor(() => expect(identify(grandchild)).toBeUndefined()); // its new parent reaps it
  });

  test('can be asked for twice, and is no death', async () => {
    await supervisor.start(shell('one', obedient), isUp('one'));
    await Promise.all([supervisor.stopAll(), supervisor.stopAll()]);
    expect(await Promise.race([supervisor.died, sleep(150, 'nobody died')])).toBe('nobody died');
    await expect(supervisor.start(shell('late', obedient), isUp('late'))).rejects.toThrow(
      'everything is being stopped',
    );
  });

  test('can be of one alone', async () => {
    for (const name of ['one', 'two']) await supervisor.start(shell(name, obedient), isUp(name));
    await supervisor.stopOne('one');
    expect(lines).toContain('one: bye');
    expect(await Promise.race([supervisor.died, sleep(150, 'nobody died')])).toBe('nobody died');
  });
});

describe('a death', () => {
  test('is told with its name, its exit code and its last lines', async () => {
    await supervisor.start(shell('worker', 'echo up; sleep 0.2; echo out of luck >&2; exit 7'), isUp('worker'));
    expect(await supervisor.died).toMatch(/^worker ended with exit code 7\. Its last lines:\n {2}up\n {2}out of luck$/);
  });

  test('before it was ready rejects the start', async () => {
    const starting = supervisor.start(shell('api', 'echo no luck; exit 1'), () => Promise.resolve(false));
    await expect(starting).rejects.toThrow(/api ended with exit code 1.*\n {2}no luck/);
  });

  test('of what never gets ready is a rejection after its time', async () => {
    const starting = supervisor.start(shell('api', obedient), () => Promise.resolve(false), 300);
    await expect(starting).rejects.toThrow("api isn't ready after 0.3 s");
  });

  test('of a program that is not there is a rejection', async () => {
    const absent = { ...shell('ghost', ''), command: '/nowhere/ghost' };
    await expect(supervisor.start(absent, () => Promise.resolve(true))).rejects.toThrow("ghost can't be started");
  });
});

test('children see the environment they are given and nothing of ours', async () => {
  const script = 'echo "given=$GIVEN home=$HOME"; echo up; sleep 5';
  await supervisor.start(shell('env', script, { env: { GIVEN: 'yes', PATH: '/bin' } }), isUp('env'));
  expect(lines[0]).toBe('env: given=yes home=');
});

test('a child ends although its parent was killed with -9', async () => {
  const args = ['--import', 'tsx', 'dev/fixtures/holds-a-child.ts'];
  const parent = spawn(process.execPath, args, { cwd: projectRoot, stdio: ['ignore', 'pipe', 'inherit'] });
  const [chunk] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(chunk.toString());
  expect(identify(pid)?.command).toContain('sleep');
  parent.kill('SIGKILL');
  for (let tries = 0; tries < 100 && identify(pid); tries += 1) await sleep(30);
  expect(identify(pid)).toBeUndefined();
});
