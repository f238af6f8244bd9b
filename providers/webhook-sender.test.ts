import type { IncomingMessage } from 'node:http';
import { Webhook, WebhookVerificationError } from 'standardwebhooks';
import { afterEach, expect, test } from 'vitest';
import { type LocalServer, startLocalServer } from './test-support.js';
import { WebhookSender } from './webhook-sender.js';

const secret = `whsec_${Buffer.from('a'.repeat(32)).toString('base64')}`;
const other = `whsec_${Buffer.from('b'.repeat(32)).toString('base64')}`;
const body = JSON.stringify({ type: 'appointment.confirmed', data: { id: '1' } });
const message = { id: 'msg_1', body, secrets: [secret] };

interface Got {
  headers: Record<string, string>;
  body: string;
}

const servers: LocalServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

type Handler = Parameters<typeof startLocalServer>[0];

async function receiver(handler: Handler = (_, response) => void response.end('thanks')) {
  const got: Got[] = [];
  const server = await startLocalServer((request: IncomingMessage, response, received) => {
    got.push({ headers: request.headers as Record<string, string>, body: received });
    return handler(request, response, received);
  });
  servers.push(server);
  return { ...server, got };
}

const sender = new WebhookSender({ allowLocal: true, timeoutMs: 300 });

test('a receiver verifies it with the library, by each secret that is valid', async () => {
  const { url, got } = await receiver();
  const answer = await sender.send({ ...message, url, secrets: [secret, other] });
  expect(answer).toEqual({ status: 200, error: null, answer: 'thanks' });
  for (const one of [secret, other]) {
    expect(new Webhook(one).verify(got[0]!.body, got[0]!.headers)).toEqual(JSON.parse(body));
  }
  expect(got[0]!.headers).toMatchObject({ 'webhook-id': 'msg_1', 'content-type': 'application/json' });
});

test('what is changed, signed by another, or replayed later is refused by the receiver', async () => {
  const { url, got } = await receiver();
  await sender.send({ ...message, url });
  const { headers, body: received } = got[0]!;
  const verify = (text: string, given: Record<string, string>, by = secret) => new Webhook(by).verify(text, given);
  expect(() => verify(received.replace('1', '2'), headers)).toThrow(WebhookVerificationError);
  expect(() => verify(received, headers, other)).toThrow(WebhookVerificationError);
  expect(() => verify(received, { ...headers, 'webhook-id': 'msg_2' })).toThrow(WebhookVerificationError);
  const sixMinutesAgo = String(Number(headers['webhook-timestamp']) - 360);
  expect(() => verify(received, { ...headers, 'webhook-timestamp': sixMinutesAgo })).toThrow('too old');
  const old = new Date(Date.now() - 360_000);
  const signature = new Webhook(secret).sign('msg_1', old, received);
  const replayed = { ...headers, 'webhook-timestamp': sixMinutesAgo, 'webhook-signature': signature };
  expect(() => verify(received, replayed)).toThrow('too old');
});

test('a redirect is not followed', async () => {
  const target = await receiver();
  const { url } = await receiver((_, response) => void response.writeHead(307, { location: target.url }).end());
  const answer = await sender.send({ ...message, url });
  expect(answer).toMatchObject({ status: 307, error: 'a redirect, which is not followed' });
  expect(target.got).toEqual([]);
});

test('a receiver that says nothing, or never stops saying, is given up in time', async () => {
  const silent = await receiver(() => undefined);
  expect(await sender.send({ ...message, url: silent.url })).toEqual({
    status: null,
    error: 'no answer within 300 ms',
    answer: null,
  });
  const slow = await receiver((_, response) => {
    response.writeHead(200).write('a');
  });
  expect(await sender.send({ ...message, url: slow.url })).toMatchObject({
    status: null,
    error: 'no answer within 300 ms',
  });
  const endless = await receiver((_, response) => {
    const more = (): void => {
      while (response.writable && response.write('x'.repeat(10_000)));
    };
    response.on('drain', more);
    more();
  });
  const answer = await sender.send({ ...message, url: endless.url });
  expect(answer.status).toBe(200);
  expect(answer.answer!.length).toBeLessThan(200_000);
});

test('an address that nobody answers is said so', async () => {
  const { url } = await receiver();
  await servers.pop()!.close();
  expect(await sender.send({ ...message, url })).toEqual({ status: null, error: 'ECONNREFUSED', answer: null });
});

test.each([
  ['http://example.com/', 'must begin with https://'],
  ['ftp://example.com/', 'must begin with https://'],
  ['https://user:word@example.com/', 'must hold no name or password'],
  ['https://127.0.0.1/', 'must be on the public internet'],
  ['https://2130706433/', 'must be on the public internet'],
  ['https://0x7f.1/', 'must be on the public internet'],
  ['https://169.254.169.254/latest/meta-data', 'must be on the public internet'],
  ['https://[::1]/', 'must be on the public internet'],
  ['https://[::ffff:10.0.0.1]/', 'must be on the public internet'],
  ['nowhere', 'is no address'],
])('in production nothing is sent to %s', async (url, objection) => {
  const strict = new WebhookSender({ allowLocal: false });
  expect(strict.objection(url)).toBe(objection);
  expect(await strict.send({ ...message, url })).toEqual({
    status: null,
    error: `the address ${objection}`,
    answer: null,
  });
});

test('for development loopback is let through, other inner addresses never', () => {
  expect(sender.objection('http://127.0.0.1:9/')).toBeNull();
  expect(sender.objection('http://10.0.0.1/')).toBe('must be on the public internet');
  expect(sender.objection('https://169.254.169.254/')).toBe('must be on the public internet');
});

test('a name that leads inside is refused where the connection is made, whatever it led to before', async () => {
  const { url, got } = await receiver();
  const { port } = new URL(url);
  const answers = [['93.184.216.34'], ['127.0.0.1'], ['10.0.0.1', '169.254.169.254']];
  const resolve = () => Promise.resolve(answers.shift()!.map((address) => ({ address, family: 4 })));
  const strict = new WebhookSender({ allowLocal: false, resolve });
  await resolve(); // whoever looked before saw a public address
  for (let n = 0; n < 2; n += 1) {
    const answer = await strict.send({ ...message, url: `https://hooks.example.test:${port}/` });
    expect(answer).toEqual({ status: null, error: 'its address is not of the public internet', answer: null });
  }
  expect(answers).toEqual([]);
  const viaLocalhost = await new WebhookSender({ allowLocal: false }).send({
    ...message,
    url: `https://localhost:${port}/`,
  });
  expect(viaLocalhost.error).toBe('its address is not of the public internet');
  expect(got).toEqual([]);
});
