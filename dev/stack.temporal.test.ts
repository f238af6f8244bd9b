import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Ports, readDevConfig } from './config.js';
import { identify } from './process-identity.js';
import { type Stack, startStack } from './stack.js';
import { findRunningStack, type StackRecord } from './stack-record.js';

const anyPorts: Ports = { api: 0, sandbox: 0, smtp: 0, postgres: 0, temporal: 0, temporalUi: 0 };
// Servers of its own, whatever the run has: a stack seeds its database.
const config = readDevConfig({ ...process.env, DATABASE_URL: '', TEMPORAL_ADDRESS: '' });
const said: string[] = [];
let dataDir: string;
let stack: Stack;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'punctual-stack-'));
  await chmod(dataDir, 0o755);
  stack = await startStack({ config, dataDir, ports: anyPorts, log: (line) => said.push(line) });
}, 120_000);
afterAll(async () => {
  await stack?.stop();
  await rm(dataDir, { recursive: true, force: true });
}, 60_000);

async function children(): Promise<StackRecord['children']> {
  return (JSON.parse(await readFile(join(dataDir, 'stack.json'), 'utf8')) as StackRecord).children;
}

test('everything answers at the addresses that the record tells others', async () => {
  const found = await findRunningStack(dataDir);
  expect(found).toEqual(stack.addresses);
  const { api, docs, sandbox, oidcIssuer, temporalUi } = stack.addresses;
  const places = [
    `${api}/readyz`,
    docs,
    `${sandbox}/_sandbox/health`,
    `${oidcIssuer}/.well-known/openid-configuration`,
    `${temporalUi}`,
  ];
  for (const place of places) expect((await fetch(place)).status, place).toBe(200);
  for (const name of ['PostgreSQL', 'Temporal', 'Provider sandbox', 'Worker', 'API']) {
    expect(
      said.some((line) => line.startsWith(`  ${name}: ready (`)),
      name,
    ).toBe(true);
  }
});

test('a second one from the same folder is refused, and does no harm', async () => {
  const second = startStack({ config, dataDir, ports: anyPorts, log: () => {} });
  await expect(second).rejects.toThrow(`Punctual runs already from this folder at ${stack.addresses.api}`);
  expect(await findRunningStack(dataDir)).toEqual(stack.addresses);
});

test('a worker can be taken away and brought back while the rest stays', async () => {
  const pidOf = async () => (await children()).findLast(({ name }) => name === 'worker')?.pid ?? 0;
  const before = await pidOf();
  await stack.stopProcess('worker');
  expect(identify(before)).toBeUndefined();
  expect((await fetch(`${stack.addresses.api}/healthz`)).status).toBe(200);
  await stack.startProcess('worker');
  expect(await pidOf()).not.toBe(before);
}, 60_000);

test('the death of one is told with its last lines; then a stop leaves no process and no record', async () => {
  const all = await children();
  const api = all.find(({ name }) => name === 'api');
  process.kill(api?.pid ?? 0, 'SIGKILL');
  expect(await stack.died).toMatch(/^api was ended by SIGKILL\. Its last lines:\n/);
  await stack.stop();
  expect(all.filter(({ pid, startedAt }) => identify(pid)?.startedAt === startedAt)).toEqual([]);
  expect(await findRunningStack(dataDir)).toBeUndefined();
}, 60_000);
