import { twilioCredentials } from '../credentials.js';
import { twilioSid } from '../ids.js';
import type { Collection, Store } from '../store.js';
import { notFound, TwilioFailure } from './errors.js';

export interface Conversation {
  sid: string;
  serviceSid: string;
  uniqueName: string | null;
  friendlyName: string | null;
  attributes: string;
  state: 'active' | 'inactive' | 'closed';
  createdAt: string;
  updatedAt: string;
}

export interface ChatParticipant {
  sid: string;
  conversationSid: string;
  identity: string;
  attributes: string;
  roleSid: string;
  createdAt: string;
}

/** Twilio's conversations (chat) and their participants. */
export class TwilioChat {
  readonly #conversations: Collection<Conversation>;
  readonly #participants: Collection<ChatParticipant>;

  constructor(store: Store) {
    this.#conversations = store.collection<Conversation>('twilio_conversations');
    this.#participants = store.collection<ChatParticipant>('twilio_chat_participants');
  }

  /** @throws TwilioFailure 50353 when the unique name is taken (in the service, closed ones included). */
  create(
    fields: Pick<Conversation, 'serviceSid' | 'uniqueName' | 'friendlyName' | 'attributes' | 'state'>,
  ): Conversation {
    const { serviceSid, uniqueName } = fields;
    if (uniqueName && this.#find(serviceSid, uniqueName)) {
      throw new TwilioFailure(409, 50353, 'Conversation with provided unique name already exists');
    }
    const now = new Date().toISOString();
    const conversation = { ...fields, sid: twilioSid('CH'), createdAt: now, updatedAt: now };
    return this.#conversations.put(conversation.sid, conversation);
  }

  /** By sid or unique name. @throws TwilioFailure 20404 */
  get(serviceSid: string, sidOrName: string): Conversation {
    const found = this.#find(serviceSid, sidOrName);
    if (!found) throw notFound(`/Conversations/${sidOrName}`);
    return found;
  }

  list(serviceSid: string): Conversation[] {
    return this.#conversations.values().filter((conversation) => conversation.serviceSid === serviceSid);
  }

  /** @throws TwilioFailure 50384 on changing a closed one (closing it again is the same). */
  update(sid: string, fields: Partial<Conversation>): Conversation {
    const old = this.#conversations.get(sid);
    if (old?.state === 'closed') throw new TwilioFailure(400, 50384, 'Conversation is closed: it cannot be changed');
    return this.#conversations.change(sid, { ...fields, updatedAt: new Date().toISOString() });
  }

  remove(sid: string): void {
    this.#conversations.delete(sid);
    for (const participant of this.participants(sid)) this.#participants.delete(participant.sid);
  }

  /** @throws TwilioFailure 50433 when the identity is in it already. */
  addParticipant(conversation: Conversation, identity: string, attributes: string): ChatParticipant {
    if (conversation.state === 'closed') {
      throw new TwilioFailure(400, 50384, 'Conversation is closed: participants cannot be added');
    }
    if (this.participants(conversation.sid).some((participant) => participant.identity === identity)) {
      throw new TwilioFailure(409, 50433, 'Participant already exists');
    }
    const participant: ChatParticipant = {
      sid: twilioSid('MB'),
      conversationSid: conversation.sid,
      identity,
      attributes,
      roleSid: 'RL70756e637475616c0000000000000004',
      createdAt: new Date().toISOString(),
    };
    return this.#participants.put(participant.sid, participant);
  }

  participants(conversationSid: string): ChatParticipant[] {
    return this.#participants.values().filter((participant) => participant.conversationSid === conversationSid);
  }

  /** By sid or identity. @throws TwilioFailure 20404 */
  participant(conversationSid: string, sidOrIdentity: string): ChatParticipant {
    const found = this.participants(conversationSid).find(
      ({ sid, identity }) => sid === sidOrIdentity || identity === sidOrIdentity,
    );
    if (!found) throw notFound(`/Conversations/${conversationSid}/Participants/${sidOrIdentity}`);
    return found;
  }

  removeParticipant(sid: string): void {
    this.#participants.delete(sid);
  }

  #find(serviceSid: string, sidOrName: string): Conversation | undefined {
    return this.list(serviceSid).find(({ sid, uniqueName }) => sid === sidOrName || uniqueName === sidOrName);
  }
}

/** The conversation as `conversations.v1.conversation`, with the links of the URL it was asked for by. */
export function conversationEntity(conversation: Conversation, base: string): Record<string, unknown> {
  const url = `${base}/Conversations/${conversation.sid}`;
  return {
    sid: conversation.sid,
    account_sid: twilioCredentials.accountSid,
    chat_service_sid: conversation.serviceSid,
    messaging_service_sid: 'MG70756e637475616c0000000000000005',
    friendly_name: conversation.friendlyName,
    unique_name: conversation.uniqueName,
    attributes: conversation.attributes,
    state: conversation.state,
    date_created: conversation.createdAt,
    date_updated: conversation.updatedAt,
    timers: {},
    bindings: {},
    url,
    links: {
      participants: `${url}/Participants`,
      messages: `${url}/Messages`,
      webhooks: `${url}/Webhooks`,
      export: `${url}/Export`,
    },
  };
}

/** The participant as `conversations.v1.conversation.conversation_participant`. */
export function chatParticipantEntity(participant: ChatParticipant, base: string): Record<string, unknown> {
  return {
    account_sid: twilioCredentials.accountSid,
    conversation_sid: participant.conversationSid,
    sid: participant.sid,
    identity: participant.identity,
    attributes: participant.attributes,
    messaging_binding: null,
    role_sid: participant.roleSid,
    date_created: participant.createdAt,
    date_updated: participant.createdAt,
    url: `${base}/Conversations/${participant.conversationSid}/Participants/${participant.sid}`,
    last_read_message_index: null,
    last_read_timestamp: null,
  };
}
