import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { oidcCredentials } from './credentials.js';
import { controlCall, razorpaySdk, startReceiver, stripeSdk, twilioSdk, type WebhookReceiver } from './test-support.js';

/** Each process compiles the sandbox anew, which takes seconds on a busy machine. */
const STARTS_PROCESSES_MS = 60_000;
const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));

let dataDir: string;
let receiver: WebhookReceiver;
const children: ChildProcess[] = [];

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'sandbox-'));
  receiver = await startReceiver();
});
afterEach(async () => {
  for (const child of children.splice(0))
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  await receiver.close();
  rmSync(dataDir, { recursive: true, force: true });
});

interface Started {
  child: ChildProcess;
  url: string;
  exit: Promise<number | string | null>;
  errors: () => string;
}

/** Runs main.ts as a process of its own and waits for its one line, or for its end. */
async function start(env: Record<string, string>): Promise<Started> {
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN], {
    env: { ...process.env, SANDBOX_PORT: '0', SANDBOX_SMTP_PORT: '0', SANDBOX_DATA_DIR: dataDir, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const exit = new Promise<number | string | null>((resolve) =>
    child.once('exit', (code, signal) => resolve(code ?? signal)),
  );
  const url = new Promise<string>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      const [, found] = /listens on (\S+)/.exec(chunk.toString()) ?? [];
      if (found) resolve(found);
    });
  });
  return { child, url: await Promise.race([url, exit.then(() => '')]), exit, errors: () => errors };
}

async function signIn(url: string): Promise<string> {
  const { signInGrantType: grant_type, cliClientId: client_id } = oidcCredentials;
  const body = new URLSearchParams({ grant_type, client_id, sign_in: 'client-1' });
  const answer = await fetch(`${url}/oidc/token`, { method: 'POST', body });
  return ((await answer.json()) as { access_token: string }).access_token;
}

it(
  'keeps payments, rooms, keys and undelivered webhooks over kill -9',
  async () => {
    receiver.answerWith(503);
    const first = await start({ SANDBOX_STRIPE_WEBHOOK_URL: receiver.url });
    const asked = { amount: 5000, currency: 'usd' };
    const intent = await stripeSdk(first.url).paymentIntents.create(asked, { idempotencyKey: 'k' });
    const order = await razorpaySdk(first.url).orders.create({ amount: 50_000, currency: 'INR' });
    const room = await twilioSdk(first.url).video.v1.rooms.create({ uniqueName: 'meeting' });
    await controlCall(first.url, 'POST', '/rooms/meeting/participants', { identity: 'client-1' });
    await controlCall(first.url, 'POST', `/payments/${intent.id}/pay`);
    const token = await signIn(first.url);
    await receiver.waitFor(3);
    first.child.kill('SIGKILL');
    await first.exit;

    receiver.answerWith(200);
    receiver.received.length = 0;
    const port = new URL(first.url).port;
    const second = await start({ SANDBOX_PORT: port, SANDBOX_STRIPE_WEBHOOK_URL: receiver.url });
    expect(second.url).toBe(first.url);
    expect((await stripeSdk(second.url).paymentIntents.retrieve(intent.id)).status).toBe('succeeded');
    expect((await stripeSdk(second.url).paymentIntents.create(asked, { idempotencyKey: 'k' })).id).toBe(intent.id);
    expect((await razorpaySdk(second.url).orders.fetch(order.id)).status).toBe('created');
    const participants = await twilioSdk(second.url)
      .video.v1.rooms(room.sid)
      .participants.list({ status: 'connected' });
    expect(participants.map(({ identity }) => identity)).toEqual(['client-1']);
    const keys = createRemoteJWKSet(new URL(`${second.url}/oidc/jwks`));
    expect((await jwtVerify(token, keys, { issuer: `${second.url}/oidc` })).payload.sub).toBe('client-1');
    await receiver.waitFor(3);
  },
  STARTS_PROCESSES_MS,
);

it(
  'stops on SIGTERM, and with one sentence when its port is taken',
  async () => {
    const first = await start({});
    const { port } = new URL(first.url);
    const second = await start({ SANDBOX_PORT: port });
    expect(await second.exit).toBe(1);
    expect(second.errors()).toContain(`Port ${port} is taken: stop what uses it, or set SANDBOX_PORT`);
    first.child.kill('SIGTERM');
    expect(await first.exit).toBe(0);
  },
  STARTS_PROCESSES_MS,
);
