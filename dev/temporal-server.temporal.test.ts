import { Client, Connection } from '@temporalio/client';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { readDevConfig } from './config.js';
import { freePort } from './free-port.js';
import { isServing, searchAttributes } from './temporal-attributes.js';
import { findTemporal } from './temporal-binary.js';
import { checkTemporal, startTemporal, type TemporalServer } from './temporal-server.js';

let folder: string;
const started: TemporalServer[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'punctual-temporal-'));
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.child.stop()));
  await rm(folder, { recursive: true, force: true });
});

async function start(dbFile: string): Promise<TemporalServer> {
  const { cacheDir, inherited } = readDevConfig({ ...process.env, TEMPORAL_ADDRESS: '' });
  const source = await findTemporal({ path: inherited['PATH'] ?? '', cacheDir, say: () => {} });
  if (source.kind !== 'program') throw new Error('no address was given');
  const server = await startTemporal({ program: source.path, port: await freePort(), dbFile, env: inherited });
  started.push(server);
  return server;
}

async function withClient<T>(address: string, work: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address });
  try {
    return await work(new Client({ connection }));
  } finally {
    await connection.close();
  }
}

test('keeps its workflows over kill -9, and an orphan on the same file is stopped first', async () => {
  const dbFile = join(folder, 'temporal.db');
  const first = await start(dbFile);
  const options = { workflowId: 'kept', taskQueue: 'nobody', args: [] };
  await withClient(first.address, (client) => client.workflow.start('anything', options));
  process.kill(first.child.pid, 'SIGKILL');
  await first.child.exited;

  const orphan = await start(dbFile);
  const next = await start(dbFile);
  expect((await orphan.child.exited).signal ?? 'by itself').toBe('by itself');
  const found = await withClient(next.address, (client) => client.workflow.getHandle('kept').describe());
  expect(found.status.name).toBe('RUNNING');
});

test("the run's server knows every search attribute", async () => {
  const connection = await Connection.connect({ address: inject('temporalAddress') });
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace: 'default' });
    expect(Object.keys(customAttributes ?? {})).toEqual(expect.arrayContaining(Object.keys(searchAttributes)));
    expect(await isServing(connection, 'default')).toBe(true);
    expect(await isServing(connection, 'another')).toBe(false);
  } finally {
    await connection.close();
  }
});

test('an address where nothing answers is told with the variable that holds it', async () => {
  const address = `127.0.0.1:${await freePort()}`;
  await expect(checkTemporal(address, 300)).rejects.toThrow(
    `No Temporal server answers at ${address} (TEMPORAL_ADDRESS)`,
  );
});
