import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Bench, startBench } from './test-sandbox.js';

let bench: Bench;
beforeAll(async () => {
  bench = await startBench();
});
afterAll(() => bench.close());
afterEach(() => bench.sandbox.control.clearFaults());

const smsTo = (to: string) => bench.sandbox.control.sms().filter((one) => one.to === to);
const text = (to: string, lookForEarlierSince: Date | null = null) => {
  const mark = randomUUID();
  return { to, body: `Your session starts soon ${mark}`, mark, lookForEarlierSince };
};

test('an SMS whose answer was lost is found, not sent twice', async () => {
  const before = new Date();
  const message = text('+15551230001');
  bench.sandbox.control.addFault({
    provider: 'twilio',
    method: 'POST',
    path: '/Messages',
    kind: 'reset_after',
    times: 1,
  });
  await expect(bench.providers.sms.sendSms(message)).rejects.toMatchObject({ retryable: true });
  const { ref } = await bench.providers.sms.sendSms({ ...message, lookForEarlierSince: before });
  expect(
    smsTo(message.to)
      .filter(({ body }) => body === message.body)
      .map(({ sid }) => sid),
  ).toEqual([ref]);
});

test('an SMS that never left is sent at the second try', async () => {
  const before = new Date();
  const message = text('+15551230002');
  bench.sandbox.control.addFault({
    provider: 'twilio',
    method: 'POST',
    path: '/Messages',
    kind: 'reset_before',
    times: 1,
  });
  await expect(bench.providers.sms.sendSms(message)).rejects.toMatchObject({ retryable: true });
  await bench.providers.sms.sendSms({ ...message, lookForEarlierSince: before });
  expect(smsTo(message.to)).toHaveLength(1);
});

test('too many at once is waited out inside the call', async () => {
  const message = text('+15551230003');
  bench.sandbox.control.addFault({ provider: 'twilio', method: 'POST', path: '/Messages', kind: 'error429', times: 2 });
  await bench.providers.sms.sendSms(message);
  expect(smsTo(message.to)).toHaveLength(1);
});

test('a mail arrives as it was written', async () => {
  const mail = {
    to: 'client@example.com',
    subject: 'Tomorrow',
    text: 'See you.',
    kind: 'reminder',
    messageId: '<n-1@example.com>',
  };
  expect(await bench.providers.mail.sendMail(mail)).toEqual({ ref: mail.messageId });
  expect(bench.sandbox.control.mail()).toMatchObject([
    { to: [mail.to], subject: mail.subject, messageId: mail.messageId },
  ]);
});

test('a busy mail server is retryable', async () => {
  bench.sandbox.control.addFault({ provider: 'smtp', kind: 'error500', times: 1 });
  const mail = { to: 'client@example.com', subject: 'x', text: 'y', kind: 'reminder', messageId: '<n-2@example.com>' };
  await expect(bench.providers.mail.sendMail(mail)).rejects.toMatchObject({ code: '451', retryable: true });
});
