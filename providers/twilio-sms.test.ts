import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { configFor, type LocalServer, startLocalServer } from './test-support.js';
import { TwilioSms } from './twilio-sms.js';

let listed: Record<string, unknown>[] = [];
const seen: string[] = [];
let server: LocalServer;
let sms: TwilioSms;

beforeAll(async () => {
  server = await startLocalServer((request, response, body) => {
    seen.push(`${request.method} ${body}`.trim());
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(request.method === 'GET' ? { messages: listed } : { sid: 'SM-new' }));
  });
  sms = new TwilioSms(configFor(server.url).twilio);
});
afterAll(() => server.close());
beforeEach(() => {
  seen.length = 0;
});

const since = new Date('2026-11-24T10:00:00.700Z');
const message = { to: '+15005550001', body: 'Hello', mark: 'Hello', lookForEarlierSince: since };
const earlier = {
  sid: 'SM-old',
  to: message.to,
  body: 'Hello',
  status: 'queued',
  direction: 'outbound-api',
  date_created: 'Tue, 24 Nov 2026 10:00:00 +0000',
};

test.each(['queued', 'sent', 'delivered'])('one with the mark, %s since then, is not sent again', async (status) => {
  listed = [
    { ...earlier, body: 'Other', sid: 'SM-other' },
    { ...earlier, body: 'Hello, it is later by now', status },
  ];
  expect(await sms.sendSms(message)).toEqual({ ref: 'SM-old' });
  expect(seen).toEqual(['GET']);
});

test.each([
  ['one without the mark', { body: 'Hallo' }],
  ['an earlier one', { date_created: 'Tue, 24 Nov 2026 09:59:59 +0000' }],
  ['one that failed', { status: 'failed' }],
  ['one that did not arrive', { status: 'undelivered' }],
  ["the recipient's own", { direction: 'inbound' }],
])('%s does not count', async (_name, over) => {
  listed = [{ ...earlier, ...over }];
  expect(await sms.sendSms(message)).toEqual({ ref: 'SM-new' });
  expect(seen).toEqual(['GET', 'POST To=%2B15005550001&From=%2B15005550006&Body=Hello']);
});

test('a first try does not look', async () => {
  listed = [earlier];
  expect(await sms.sendSms({ ...message, lookForEarlierSince: null })).toEqual({ ref: 'SM-new' });
});
