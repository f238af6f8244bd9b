import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SmtpMail } from './mail.js';
import { RazorpayGateway } from './razorpay.js';
import { StripeGateway } from './stripe.js';
import { configFor } from './test-support.js';
import { TwilioSms } from './twilio-sms.js';

const TIMEOUT_MS = 150;
const sockets = new Set<Socket>();
let silent: Server;
let config: ReturnType<typeof configFor>;

beforeAll(async () => {
  silent = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as AddressInfo;
  config = configFor(`http://127.0.0.1:${port}`, `smtp://127.0.0.1:${port}`);
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => silent.close(resolve));
});

const sms = { to: '+15005550001', body: 'Hello', mark: 'Hello', lookForEarlierSince: null };
const mail = { to: 'a@example.com', subject: 's', text: 't', kind: 'k', messageId: '<n-1@example.com>' };

test.each([
  ['stripe', () => new StripeGateway(config.stripe, TIMEOUT_MS).fetchPayment('pi_1')],
  ['razorpay', () => new RazorpayGateway(config.razorpay, TIMEOUT_MS).fetchPayment('order_1')],
  ['twilio', () => new TwilioSms(config.twilio, TIMEOUT_MS).sendSms(sms)],
  ['smtp', () => new SmtpMail(config.mail, TIMEOUT_MS).sendMail(mail)],
])(
  '%s: a vendor that never answers is given up, and may be asked again',
  async (provider, call) => {
    await expect(call()).rejects.toMatchObject({ name: 'ProviderError', provider, retryable: true });
  },
  5_000,
);
