import { type Context, Hono } from 'hono';
import { twilioCredentials } from '../credentials.js';
import type { VendorEnv } from '../vendor-gate.js';
import { chatParticipantEntity, type Conversation, conversationEntity, type TwilioChat } from './chat.js';
import { notFound, TwilioFailure } from './errors.js';
import { v1Envelope } from './paging.js';
import { checkNames, text } from './params.js';

const CONVERSATION_NAMES = [
  'FriendlyName',
  'UniqueName',
  'DateCreated',
  'DateUpdated',
  'MessagingServiceSid',
  'Attributes',
  'State',
  'Timers.Inactive',
  'Timers.Closed',
  'Bindings.Email.Address',
  'Bindings.Email.Name',
];
const PARTICIPANT_NAMES = [
  'Identity',
  'MessagingBinding.Address',
  'MessagingBinding.ProxyAddress',
  'DateCreated',
  'DateUpdated',
  'Attributes',
  'MessagingBinding.ProjectedAddress',
  'RoleSid',
];
const STATES = ['active', 'inactive', 'closed'] as const;

/** Twilio Conversations below `/twilio/conversations/v1`: with a service in the path, or the default service. */
export function chatRoutes(chat: TwilioChat): Hono<VendorEnv> {
  const app = new Hono<VendorEnv>();
  app.route('/Services/:service', conversationRoutes(chat));
  app.route('/', conversationRoutes(chat));
  return app;
}

function conversationRoutes(chat: TwilioChat): Hono<VendorEnv> {
  const app = new Hono<VendorEnv>();

  app.post('/Conversations', (c) => {
    const fields = c.get('fields');
    checkNames(fields, CONVERSATION_NAMES);
    const conversation = chat.create({
      serviceSid: place(c).serviceSid,
      uniqueName: text(fields, 'UniqueName'),
      friendlyName: text(fields, 'FriendlyName'),
      attributes: text(fields, 'Attributes') ?? '{}',
      state: readState(text(fields, 'State')) ?? 'active',
    });
    return c.json(conversationEntity(conversation, place(c).base), 201);
  });

  app.get('/Conversations', (c) => {
    const { base, serviceSid } = place(c);
    const query = new URL(c.req.url).searchParams;
    const state = query.get('State');
    const matching = chat.list(serviceSid).filter((conversation) => !state || conversation.state === state);
    const items = matching.map((conversation) => conversationEntity(conversation, base));
    return c.json(v1Envelope('conversations', items, `${base}/Conversations`, query));
  });

  app.get('/Conversations/:conversation', (c) => c.json(conversationEntity(named(chat, c), place(c).base)));

  app.post('/Conversations/:conversation', (c) => {
    const fields = c.get('fields');
    checkNames(fields, CONVERSATION_NAMES);
    const old = named(chat, c);
    const state = readState(text(fields, 'State')) ?? old.state;
    if (old.state === 'closed' && state === 'closed') return c.json(conversationEntity(old, place(c).base));
    const friendlyName = text(fields, 'FriendlyName') ?? old.friendlyName;
    const attributes = text(fields, 'Attributes') ?? old.attributes;
    const changed = chat.update(old.sid, { state, friendlyName, attributes });
    return c.json(conversationEntity(changed, place(c).base));
  });

  app.delete('/Conversations/:conversation', (c) => {
    chat.remove(named(chat, c).sid);
    return c.body(null, 204);
  });

  addParticipantRoutes(app, chat);
  return app;
}

function addParticipantRoutes(app: Hono<VendorEnv>, chat: TwilioChat): void {
  app.post('/Conversations/:conversation/Participants', (c) => {
    const fields = c.get('fields');
    checkNames(fields, PARTICIPANT_NAMES);
    const identity = text(fields, 'Identity');
    if (!identity) throw new TwilioFailure(400, 50209, 'Participant needs an identity or a messaging binding');
    const participant = chat.addParticipant(named(chat, c), identity, text(fields, 'Attributes') ?? '{}');
    return c.json(chatParticipantEntity(participant, place(c).base), 201);
  });

  app.get('/Conversations/:conversation/Participants', (c) => {
    const { sid } = named(chat, c);
    const { base } = place(c);
    const items = chat.participants(sid).map((participant) => chatParticipantEntity(participant, base));
    const query = new URL(c.req.url).searchParams;
    return c.json(v1Envelope('participants', items, `${base}/Conversations/${sid}/Participants`, query));
  });

  app.get('/Conversations/:conversation/Participants/:participant', (c) => {
    const participant = chat.participant(named(chat, c).sid, c.req.param('participant'));
    return c.json(chatParticipantEntity(participant, place(c).base));
  });

  app.delete('/Conversations/:conversation/Participants/:participant', (c) => {
    chat.removeParticipant(chat.participant(named(chat, c).sid, c.req.param('participant')).sid);
    return c.body(null, 204);
  });
}

/** The service asked for and Twilio's own URL of it. @throws TwilioFailure 20404 for a service that isn't ours. */
function place(c: Context<VendorEnv>): { serviceSid: string; base: string } {
  const base = 'https://conversations.twilio.com/v1';
  const serviceSid = c.req.param('service');
  if (serviceSid === undefined) return { serviceSid: twilioCredentials.conversationsServiceSid, base };
  if (serviceSid !== twilioCredentials.conversationsServiceSid) throw notFound(`/Services/${serviceSid}`);
  return { serviceSid, base: `${base}/Services/${serviceSid}` };
}

function named(chat: TwilioChat, c: Context<VendorEnv>): Conversation {
  return chat.get(place(c).serviceSid, c.req.param('conversation') ?? '');
}

function readState(value: string | null): Conversation['state'] | null {
  if (value === null) return null;
  const state = STATES.find((each) => each === value);
  if (!state) throw new TwilioFailure(400, 50350, `Invalid conversation state: ${value}`);
  return state;
}
