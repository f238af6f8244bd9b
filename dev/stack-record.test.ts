import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Child, startChild } from './child.js';
import { type DevConfig, readDevConfig } from './config.js';
import { addressesOf, productEnvironment, sandboxEnvironment } from './environment.js';
import { freePort } from './free-port.js';
import { identify } from './process-identity.js';
import { claimDataDir, findRunningStack } from './stack-record.js';
import { throwawayKeys } from './throwaway-keys.js';

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'punctual-record-'));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

const found = { databaseUrl: 'postgres://x', temporalAddress: '127.0.0.1:7233' };

async function addresses(api: number) {
  return addressesOf({ api, sandbox: 1, smtp: 2, postgres: 3, temporal: 4, temporalUi: 5 }, found);
}

/** Rewrites the record as a run would have left it that was killed: its main process is no more. */
async function pretendKilled(): Promise<void> {
  const path = join(dataDir, 'stack.json');
  const record = JSON.parse(await readFile(path, 'utf8')) as { main: object };
  await writeFile(path, JSON.stringify({ ...record, main: { pid: process.pid, startedAt: 'another life' } }));
}

async function sleeper(): Promise<Child> {
  return startChild({ name: 'sleeper', command: '/bin/sleep', args: ['60'], env: {} });
}

test('a stack is found once it is ready and answers, and no more after its end', async () => {
  const record = await claimDataDir(dataDir);
  const server = serve({
    fetch: new Hono().get('/healthz', (c) => c.text('ok')).fetch,
    port: 0,
    hostname: '127.0.0.1',
  });
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  expect(await findRunningStack(dataDir)).toBeUndefined();
  await record.announce(await addresses(port));
  expect(await findRunningStack(dataDir)).toMatchObject({ api: `http://127.0.0.1:${port}` });
  server.close();
  await once(server, 'close');
  expect(await findRunningStack(dataDir)).toBeUndefined();
  await record.remove();
});

test('a folder with a running stack is refused', async () => {
  const record = await claimDataDir(dataDir);
  await expect(claimDataDir(dataDir)).rejects.toThrow(/runs already from this folder and is still starting/);
  await record.announce(await addresses(await freePort()));
  await expect(claimDataDir(dataDir)).rejects.toThrow(`(process ${process.pid}): stop it first`);
});

test('the children of a killed run are stopped by the next claim, and nobody else', async () => {
  const record = await claimDataDir(dataDir);
  const [left, bystander] = await Promise.all([sleeper(), sleeper()]);
  await record.addChild('worker', left.pid);
  await pretendKilled();
  await claimDataDir(dataDir);
  expect(await left.exited).toEqual({ code: null, signal: 'SIGTERM' });
  expect(identify(bystander.pid)).toBeDefined();
  await bystander.stop();
});

test('everything follows the ports that were set', async () => {
  const config: DevConfig = readDevConfig({
    PORT: '3999',
    SANDBOX_PORT: '4999',
    SANDBOX_SMTP_PORT: '4998',
    MINUTE_MS: '500',
    PATH: '/bin',
    STRIPE_SECRET_KEY: 'sk_live',
  });
  const all = addressesOf(config.ports, found);
  expect(productEnvironment(config, all, throwawayKeys)).toMatchObject({
    PORT: '3999',
    PUBLIC_URL: 'http://127.0.0.1:3999',
    OIDC_ISSUER: 'http://127.0.0.1:4999/oidc',
    TWILIO_API_URL: 'http://127.0.0.1:4999/twilio',
    SMTP_URL: 'smtp://127.0.0.1:4998',
    MINUTE_MS: '500',
    PATH: '/bin',
    // The user's own key must never reach a development stack.
    STRIPE_SECRET_KEY: 'sk_test_punctual',
  });
  expect(sandboxEnvironment(config, all, '.punctual/sandbox')).toMatchObject({
    SANDBOX_PORT: '4999',
    SANDBOX_SMTP_PORT: '4998',
  });
});

test('a port that is none is told with its variable', () => {
  expect(() => readDevConfig({ TEMPORAL_UI_PORT: 'ui' })).toThrow('TEMPORAL_UI_PORT is "ui"');
});
