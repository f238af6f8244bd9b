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

const connect = (room: string, who: object) =>
  controlCall<{ participantSid: string }>(sandbox.url, 'POST', `/rooms/${room}/participants`, who);

async function createRoom() {
  return client.video.v1.rooms.create({
    uniqueName: 'meeting-1',
    type: 'group',
    statusCallback: `${receiver.url}/webhooks/twilio/video?room=1`,
    emptyRoomTimeout: 10,
    unusedRoomTimeout: 20,
    maxParticipants: 2,
    audioOnly: true,
  });
}

function forms(): Record<string, string>[] {
  return receiver.received.map(({ body }) => Object.fromEntries(new URLSearchParams(body)));
}

describe('a room', () => {
  it('is made once by its name while it is in progress', async () => {
    const room = await createRoom();
    expect(room).toMatchObject({ uniqueName: 'meeting-1', status: 'in-progress', type: 'group', audioOnly: true });
    expect(room).toMatchObject({ maxParticipants: 2, emptyRoomTimeout: 10, unusedRoomTimeout: 20 });
    expect(await rejection(createRoom())).toMatchObject({ code: 53113, status: 400 });
    expect((await client.video.v1.rooms('meeting-1').fetch()).sid).toBe(room.sid);
    expect(
      (await client.video.v1.rooms.list({ uniqueName: 'meeting-1', status: 'in-progress' })).map(({ sid }) => sid),
    ).toEqual([room.sid]);
    await client.video.v1.rooms(room.sid).update({ status: 'completed' });
    expect(await rejection(client.video.v1.rooms(room.sid).update({ status: 'completed' }))).toMatchObject({
      code: 53112,
    });
    expect(await rejection(client.video.v1.rooms('meeting-1').fetch())).toMatchObject({ code: 20404, status: 404 });
    expect((await createRoom()).sid).not.toBe(room.sid);
    const completed = await client.video.v1.rooms.list({ uniqueName: 'meeting-1', status: 'completed' });
    expect(completed.map(({ sid }) => sid)).toEqual([room.sid]);
  });

  it('tells of everybody who connects and goes, signed over the exact URL', async () => {
    const room = await createRoom();
    const { participantSid } = await connect('meeting-1', { identity: 'client-1' });
    await controlCall(sandbox.url, 'POST', `/rooms/${room.sid}/participants/${participantSid}/drop`);
    await client.video.v1.rooms(room.sid).update({ status: 'completed' });
    const received = await receiver.waitFor(4);
    const events = forms().toSorted((a, b) => Number(a['SequenceNumber']) - Number(b['SequenceNumber']));
    expect(events.map((form) => form['StatusCallbackEvent'])).toEqual([
      'room-created',
      'participant-connected',
      'participant-disconnected',
      'room-ended',
    ]);
    expect(events[1]).toMatchObject({
      AccountSid: twilioCredentials.accountSid,
      RoomSid: room.sid,
      RoomName: 'meeting-1',
      ParticipantSid: participantSid,
      ParticipantIdentity: 'client-1',
      ParticipantStatus: 'connected',
    });
    const [participant] = await client.video.v1.rooms(room.sid).participants.list();
    expect(events[1]?.['Timestamp']).toBe(participant?.startTime.toISOString());
    expect(events[2]?.['Timestamp']).toBe(participant?.endTime.toISOString());
    for (const { path, headers, body } of received) {
      const form = Object.fromEntries(new URLSearchParams(body));
      const signature = String(headers['x-twilio-signature']);
      const url = receiver.url + path;
      expect(twilio.validateRequest(twilioCredentials.authToken, signature, url, form)).toBe(true);
      expect(twilio.validateRequest(twilioCredentials.authToken, signature, `${url}&x`, form)).toBe(false);
    }
  });

  it('drops the first connection when the same identity connects again', async () => {
    const room = await createRoom();
    const first = await connect(room.sid, { identity: 'client-1' });
    const second = await connect(room.sid, { identity: 'client-1' });
    const participants = client.video.v1.rooms(room.sid).participants;
    expect(await participants(first.participantSid).fetch()).toMatchObject({ status: 'disconnected' });
    expect((await participants.list({ status: 'connected' })).map(({ sid }) => sid)).toEqual([second.participantSid]);
    const all = await participants.list();
    expect(all).toHaveLength(2);
    expect(all.find(({ sid }) => sid === first.participantSid)?.endTime).toBeInstanceOf(Date);
  });
});

describe('who connects', () => {
  it('is let in up to the limit, not once it is over, and can be sent out', async () => {
    const room = await createRoom();
    const { participantSid } = await connect(room.sid, { identity: 'a' });
    await connect(room.sid, { identity: 'b' });
    await expect(connect(room.sid, { identity: 'c' })).rejects.toThrow('53105');
    const gone = await client.video.v1.rooms(room.sid).participants(participantSid).update({ status: 'disconnected' });
    expect(gone.status).toBe('disconnected');
    await client.video.v1.rooms(room.sid).update({ status: 'completed' });
    await expect(connect(room.sid, { identity: 'd' })).rejects.toThrow('53118');
    const still = await client.video.v1.rooms(room.sid).participants.list({ status: 'connected' });
    expect(still).toEqual([]);
  });

  it('is let in by a token for this room only', async () => {
    await createRoom();
    const { accountSid, apiKeySid, apiKeySecret } = twilioCredentials;
    const tokenFor = (room: string, secret: string) => {
      const token = new twilio.jwt.AccessToken(accountSid, apiKeySid, secret, { identity: 'client-1', ttl: 60 });
      token.addGrant(new twilio.jwt.AccessToken.VideoGrant({ room }));
      return token.toJwt();
    };
    await connect('meeting-1', { token: tokenFor('meeting-1', apiKeySecret) });
    expect(sandbox.control.rooms.list()[0]?.participants).toMatchObject([
      { identity: 'client-1', status: 'connected' },
    ]);
    await expect(connect('meeting-1', { token: tokenFor('meeting-2', apiKeySecret) })).rejects.toThrow('53106');
    await expect(connect('meeting-1', { token: tokenFor('meeting-1', 'x'.repeat(32)) })).rejects.toThrow('20101');
  });
});

describe('the video API', () => {
  it('pages with links that the SDK follows', async () => {
    const room = await client.video.v1.rooms.create({ uniqueName: 'big' });
    for (const identity of ['a', 'b', 'c', 'd', 'e']) await connect(room.sid, { identity });
    const identities: string[] = [];
    for (const { identity } of await client.video.v1.rooms(room.sid).participants.list({ pageSize: 2 }))
      identities.push(identity);
    expect(identities).toEqual(['e', 'd', 'c', 'b', 'a']);
  });

  it('refuses as Twilio refuses', async () => {
    expect(await rejection(client.video.v1.rooms.create({ type: 'peer-to-peer' }))).toMatchObject({ code: 53126 });
    expect(await rejection(client.video.v1.rooms.create({ emptyRoomTimeout: 61 }))).toMatchObject({ code: 20001 });
    const other = twilioSdk(sandbox.url, 'another-secret-of-enough-length00');
    expect(await rejection(other.video.v1.rooms.list())).toMatchObject({ code: 20003, status: 401 });
  });
});
