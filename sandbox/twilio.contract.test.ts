import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { contractsPresent, OpenApiContract } from './contracts.js';
import { twilioCredentials } from './credentials.js';
import { type Sandbox, startSandbox } from './server.js';

const { accountSid, authToken, fromNumber, conversationsServiceSid } = twilioCredentials;

const describeContract = describe.skipIf(!contractsPresent());
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox();
});
beforeEach(() => sandbox.control.reset());
afterAll(() => sandbox.close());

/** A request as the SDK sends it, and the answer unparsed. */
async function call(method: string, path: string, form?: Record<string, string>) {
  const authorization = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`;
  const body = form && new URLSearchParams(form);
  const answer = await fetch(`${sandbox.url}/twilio${path}`, { method, headers: { authorization }, body });
  return { status: String(answer.status), body: (await answer.json()) as Record<string, unknown> };
}

/** Makes the request and checks the answer by the published operation: its status, and its body by the schema. */
async function holds(
  contract: OpenApiContract,
  product: string,
  request: [string, string, Record<string, string>?],
  template: string,
) {
  const [method, path, form] = request;
  expect(contract.unknownNames(method, template, { form: Object.keys(form ?? {}) })).toEqual([]);
  const { status, body } = await call(method, `/${product}${path}`, form);
  expect(contract.answerErrors(method, template, status, body), `${method} ${path}`).toEqual([]);
  return body;
}

describeContract("Twilio's published contract of rooms and chat", () => {
  it('holds for rooms and their participants', async () => {
    const video = new OpenApiContract('twilio/video_v1.json');
    const request = { UniqueName: 'm-1', Type: 'group', StatusCallback: 'http://127.0.0.1:9/x', EmptyRoomTimeout: '5' };
    const room = await holds(video, 'video', ['POST', '/v1/Rooms', request], '/v1/Rooms');
    expect(video.properties('video.v1.room').filter((name) => !(name in room))).toEqual([]);
    const { participantSid } = await sandbox.control.rooms.connect('m-1', { identity: 'client-1' });
    const one = `/v1/Rooms/${String(room['sid'])}`;
    await holds(video, 'video', ['GET', one], '/v1/Rooms/{Sid}');
    await holds(video, 'video', ['GET', '/v1/Rooms'], '/v1/Rooms');
    await holds(video, 'video', ['GET', `${one}/Participants`], '/v1/Rooms/{RoomSid}/Participants');
    const them = `${one}/Participants/${participantSid}`;
    const participant = await holds(video, 'video', ['GET', them], '/v1/Rooms/{RoomSid}/Participants/{Sid}');
    expect(video.properties('video.v1.room.room_participant').filter((name) => !(name in participant))).toEqual([]);
    await holds(video, 'video', ['POST', them, { Status: 'disconnected' }], '/v1/Rooms/{RoomSid}/Participants/{Sid}');
    const ended = await holds(video, 'video', ['POST', one, { Status: 'completed' }], '/v1/Rooms/{Sid}');
    expect(ended['status']).toBe('completed');
  });

  it('holds for conversations and their participants', async () => {
    const chat = new OpenApiContract('twilio/conversations_v1.json');
    const made = await holds(
      chat,
      'conversations',
      ['POST', '/v1/Conversations', { UniqueName: 'c-1' }],
      '/v1/Conversations',
    );
    expect(chat.properties('conversations.v1.conversation').filter((name) => !(name in made))).toEqual([]);
    expect(made['chat_service_sid']).toBe(conversationsServiceSid);
    const one = `/v1/Conversations/${String(made['sid'])}`;
    await holds(chat, 'conversations', ['GET', one], '/v1/Conversations/{Sid}');
    await holds(chat, 'conversations', ['GET', '/v1/Conversations'], '/v1/Conversations');
    const add: [string, string, Record<string, string>] = ['POST', `${one}/Participants`, { Identity: 'client-1' }];
    const participant = await holds(chat, 'conversations', add, '/v1/Conversations/{ConversationSid}/Participants');
    const component = 'conversations.v1.conversation.conversation_participant';
    expect(chat.properties(component).filter((name) => !(name in participant))).toEqual([]);
    await holds(
      chat,
      'conversations',
      ['GET', `${one}/Participants`],
      '/v1/Conversations/{ConversationSid}/Participants',
    );
    await holds(chat, 'conversations', ['POST', one, { State: 'closed' }], '/v1/Conversations/{Sid}');
  });
});

describeContract("Twilio's published contract of messages and errors", () => {
  it('holds for messages', async () => {
    const api = new OpenApiContract('twilio/api_v2010.json');
    const template = '/2010-04-01/Accounts/{AccountSid}/Messages.json';
    const path = template.replace('{AccountSid}', accountSid);
    const form = { To: '+15005550010', From: fromNumber, Body: 'Hello' };
    const message = await holds(api, 'api', ['POST', path, form], template);
    expect(api.properties('api.v2010.account.message').filter((name) => !(name in message))).toEqual([]);
    await holds(api, 'api', ['GET', path], template);
    const one = path.replace('.json', `/${String(message['sid'])}.json`);
    await holds(api, 'api', ['GET', one], '/2010-04-01/Accounts/{AccountSid}/Messages/{Sid}.json');
  });

  it('holds for errors: code, message, more_info and status', async () => {
    await call('POST', '/video/v1/Rooms', { UniqueName: 'm-1' });
    const { status, body } = await call('POST', '/video/v1/Rooms', { UniqueName: 'm-1' });
    expect(status).toBe('400');
    expect(body).toEqual({
      code: 53113,
      message: 'Room exists',
      more_info: 'https://www.twilio.com/docs/errors/53113',
      status: 400,
    });
  });
});
