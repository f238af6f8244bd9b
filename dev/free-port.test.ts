import { createServer, type Server } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { Ports } from './config.js';
import { choosePorts, freePort } from './free-port.js';

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

function listen(host: string): Promise<number> {
  const server = createServer();
  servers.push(server);
  return new Promise((resolve) => {
    server.listen(0, host, () => resolve((server.address() as { port: number }).port));
  });
}

const none: Ports = { api: 0, sandbox: 0, smtp: 0, postgres: 0, temporal: 0, temporalUi: 0 };

test.each(['127.0.0.1', '0.0.0.0'])('a port taken on %s is named with the variable that changes it', async (host) => {
  const api = await listen(host);
  const choosing = choosePorts({ ...none, api }, ['api', 'postgres']);
  await expect(choosing).rejects.toThrow(`Port ${api} is taken, and the API needs it`);
  await expect(choosing).rejects.toThrow('set PORT to another port');
});

test('every taken port is named at once', async () => {
  const ports = { ...none, api: await listen('127.0.0.1'), temporal: await listen('127.0.0.1') };
  await expect(choosePorts(ports, ['api', 'temporal'])).rejects.toThrow(/set PORT to.*\n.*set TEMPORAL_PORT to/);
});

test('a port that this run needs not may be taken', async () => {
  const postgres = await listen('127.0.0.1');
  expect(await choosePorts({ ...none, postgres }, ['api'])).toMatchObject({ postgres });
});

test('0 becomes a free port, and a free port stays', async () => {
  const sandbox = await freePort();
  const ports = await choosePorts({ ...none, sandbox }, ['api', 'sandbox']);
  expect(ports.api).toBeGreaterThan(0);
  expect(ports.sandbox).toBe(sandbox);
});
