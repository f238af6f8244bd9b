import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readFieldKeys } from '../db/config.js';
import { openDatabase } from '../db/database.js';
import { startSandbox, type Sandbox } from '../sandbox/server.js';
import { createTestDatabase, type TestDatabase } from '../tests/setup/database.js';
import { openEvents } from '../tests/support/event-stream.js';
import { makeClient } from '../tests/support/people.js';
import { signIn } from '../tests/support/sign-in.js';
import { providerEnvironment } from '../dev/provider-environment.js';
import { throwawayKeys } from '../dev/throwaway-keys.js';

const projectRoot = fileURLToPath(new URL('..', import.meta.url));

let database: TestDatabase;
let sandbox: Sandbox;
beforeAll(async () => {
  [database, sandbox] = await Promise.all([createTestDatabase(), startSandbox()]);
});
afterAll(async () => {
  await sandbox.close();
  await database.drop();
});

/** The API in a process of its own, with Temporal where nobody listens. */
function start(changes: Record<string, string | undefined>) {
  const env = {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    ...providerEnvironment(sandbox),
    ...throwawayKeys,
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: '127.0.0.1:1',
    OIDC_ISSUER: `${sandbox.url}/oidc`,
    OIDC_AUDIENCE: 'punctual',
    PORT: '0',
    ...changes,
  };
  const child = spawn(process.execPath, ['--import', 'tsx', 'api/main.ts'], {
    cwd: projectRoot,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { out: '', error: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.error += chunk.toString()));
  const exited = once(child, 'exit') as Promise<[number | null, string | null]>;
  return { child, said, exited };
}

test('starts while Temporal is away, logs no secret, and stops cleanly on SIGTERM', async () => {
  const { child, said, exited } = start({});
  try {
    await expect.poll(() => said.out, { timeout: 15_000 }).toContain('the API answers');
    const port = Number(/"port":(\d+)/.exec(said.out)![1]);
    const url = `http://127.0.0.1:${port}`;
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    const headers = {
      authorization: 'Bearer top-secret-token',
      'content-type': 'application/json',
      'x-request-id': 'mine',
    };
    const refused = await fetch(`${url}/v1/appointments?cursor=secret-query`, {
      method: 'POST',
      headers,
      body: '{"a":"secret-body"}',
    });
    expect(refused.headers.get('x-request-id')).toBe('mine');
    const stream = new Blob(['x'.repeat(1024 * 1024 + 1)]).stream();
    const tooLarge = await fetch(`${url}/webhooks/stripe`, {
      method: 'POST',
      body: stream,
      duplex: 'half',
    } as RequestInit);
    expect(tooLarge.status).toBe(413);
    await expect.poll(() => said.out).toContain('"requestId":"mine"');
    expect(said.out).not.toContain('secret');
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    expect(said.error).toBe('');
  } finally {
    child.kill('SIGKILL');
  }
});

test('open event streams end with SIGTERM at once, and keep the process no longer', async () => {
  const { child, said, exited } = start({});
  const db = openDatabase(database.url, { maxConnections: 2, fieldKeys: () => readFieldKeys(throwawayKeys) });
  try {
    const { subject } = await makeClient(db);
    const authorization = `Bearer ${await signIn(`${sandbox.url}/oidc`, subject)}`;
    await expect.poll(() => said.out, { timeout: 15_000 }).toContain('the API answers');
    const port = Number(/"port":(\d+)/.exec(said.out)![1]);
    const stream = await openEvents(`http://127.0.0.1:${port}/v1/events`, { authorization });
    await stream.until(({ event }) => event === 'ready');
    const stoppedAt = Date.now();
    child.kill('SIGTERM');
    await stream.ended;
    expect(await exited).toEqual([0, null]);
    expect(Date.now() - stoppedAt).toBeLessThan(5_000);
    expect(said.error).toBe('');
  } finally {
    child.kill('SIGKILL');
    await db.destroy();
  }
});

test('a taken port is one clear sentence and exit code 1', async () => {
  const blocker: Server = createServer();
  await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
  const { port } = blocker.address() as { port: number };
  const { said, exited } = start({ PORT: String(port) });
  expect(await exited).toEqual([1, null]);
  expect(said.error).toBe(`Port ${port} is taken: stop what listens there, or set PORT to another one.\n`);
  blocker.close();
});

test('missing settings are named, and no value is shown', async () => {
  const { said, exited } = start({ OIDC_AUDIENCE: undefined });
  expect(await exited).toEqual([1, null]);
  expect(said.error).toBe("The API can't start: OIDC_AUDIENCE is missing.\n");
});
