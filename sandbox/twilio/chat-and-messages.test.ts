import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import twilio from 'twilio';
import { twilioCredentials } from '../credentials.js';
import { type Sandbox, startSandbox } from '../server.js';
import {
  controlCall,
  rejection,
  startAfresh,
  startReceiver,
  twilioSdk,
  type WebhookReceiver,
} from '../test-support.js';

let sandbox: Sandbox;
let receiver: WebhookReceiver;
let client: twilio.Twilio;
const { conversationsServiceSid, fromNumber: from } = twilioCredentials;

beforeAll(async () => {
  receiver = await startReceiver();
  sandbox = await startSandbox();
  client = twilioSdk(sandbox.url);
});
beforeEach(() => startAfresh(sandbox, receiver));
afterAll(async () => {
  await sandbox.close();
  await receiver.close();
});

describe('a conversation', () => {
  it('is made once by its name, has each identity once, and is closed for good', async () => {
    const { conversations } = client.conversations.v1.services(conversationsServiceSid);
    const made = await conversations.create({ uniqueName: 'chat-1', friendlyName: 'Session' });
    expect(made).toMatchObject({ state: 'active', uniqueName: 'chat-1', chatServiceSid: conversationsServiceSid });
    expect(await rejection(conversations.create({ uniqueName: 'chat-1' }))).toMatchObject({ code: 50353, status: 409 });
    expect((await conversations('chat-1').fetch()).sid).toBe(made.sid);
    await conversations(made.sid).participants.create({ identity: 'client-1' });
    const twice = await rejection(conversations(made.sid).participants.create({ identity: 'client-1' }));
    expect(twice).toMatchObject({ code: 50433, status: 409 });
    expect((await conversations(made.sid).participants.list()).map(({ identity }) => identity)).toEqual(['client-1']);
    expect((await conversations(made.sid).update({ state: 'closed' })).state).toBe('closed');
    expect((await conversations(made.sid).update({ state: 'closed' })).state).toBe('closed');
    expect(await rejection(conversations(made.sid).participants.create({ identity: 'late' }))).toMatchObject({
      status: 400,
    });
  });

  it('is the same by the default service, and unknown by another', async () => {
    const made = await client.conversations.v1.conversations.create({ uniqueName: 'chat-2' });
    const { conversations } = client.conversations.v1.services(conversationsServiceSid);
    expect((await conversations('chat-2').fetch()).sid).toBe(made.sid);
    const other = client.conversations.v1.services(`IS${'0'.repeat(32)}`);
    expect(await rejection(other.conversations('chat-2').fetch())).toMatchObject({ status: 404 });
  });
});

describe('an SMS', () => {
  it('is sent as often as it is asked for, and found again by its recipient', async () => {
    const since = new Date();
    const message = { to: '+15005550010', from, body: 'Your session starts in 15 minutes.' };
    const first = await client.messages.create(message);
    const second = await client.messages.create(message);
    expect(first).toMatchObject({ status: 'queued', to: '+15005550010', direction: 'outbound-api' });
    const found = await client.messages.list({ to: '+15005550010', dateSentAfter: since });
    expect(found.map(({ sid }) => sid)).toEqual([second.sid, first.sid]);
    expect(found[0]).toMatchObject({ body: message.body, status: 'delivered' });
    expect(await client.messages.list({ to: '+15005550011' })).toEqual([]);
    const seen = await controlCall<{ messageId: string; body: string }[]>(sandbox.url, 'GET', '/sms');
    expect(seen.map(({ messageId }) => messageId)).toEqual([first.sid, second.sid]);
  });

  it('reports its delivery, signed', async () => {
    const statusCallback = `${receiver.url}/webhooks/twilio/messages`;
    await client.messages.create({ to: '+15005550010', from, body: 'x', statusCallback });
    const received = await receiver.waitFor(2);
    const statuses = received.map(({ body }) => new URLSearchParams(body).get('MessageStatus'));
    expect(new Set(statuses)).toEqual(new Set(['sent', 'delivered']));
    for (const { headers, body } of received) {
      const form = Object.fromEntries(new URLSearchParams(body));
      const signature = String(headers['x-twilio-signature']);
      expect(twilio.validateRequest(twilioCredentials.authToken, signature, statusCallback, form)).toBe(true);
    }
  });

  const refused: [string, number][] = [
    ['+15005550001', 21211],
    ['+15005550004', 21610],
    ['+15005550009', 21614],
    ['12', 21211],
  ];
  it.each(refused)('to %s is refused with %i', async (to, code) => {
    const error = await rejection(client.messages.create({ to, from, body: 'x' }));
    expect(error).toMatchObject({ code, status: 400, moreInfo: `https://www.twilio.com/docs/errors/${code}` });
    expect(sandbox.control.sms()).toEqual([]);
  });
});
