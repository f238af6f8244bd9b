import type twilio from 'twilio';
import { withRetries } from './retry.js';
import { callTwilio } from './twilio-client.js';
import { hasCode, TWILIO } from './twilio-errors.js';
import { ProviderError } from './types.js';

const ENSURE_TRIES = 3;

/** Conversations of the configured service. https://www.twilio.com/docs/conversations/api/conversation-resource */
export class ChatRooms {
  constructor(
    private readonly client: twilio.Twilio,
    private readonly serviceSid: string,
  ) {}

  /**
   * The sid of the open conversation of this name: created, or adopted when it exists.
   * @throws ProviderError `conversation_closed` (final): Twilio never opens a closed one again
   */
  async ensure(uniqueName: string): Promise<string> {
    for (let attempt = 1; attempt <= ENSURE_TRIES; attempt += 1) {
      const created = await this.create(uniqueName);
      if (created !== null) return created;
      const found = await this.find(uniqueName);
      if (found === null) continue; // deleted in between
      if (found.state !== 'closed') return found.sid;
      throw new ProviderError('twilio', 'conversation_closed', `Conversation ${uniqueName} is closed for good`, false);
    }
    throw new ProviderError('twilio', 'room_unsettled', `Conversation ${uniqueName} is neither new nor there`, true);
  }

  async close(sid: string): Promise<void> {
    try {
      await this.call(() => this.conversation(sid).update({ state: 'closed' }));
    } catch (error) {
      if (!(error instanceof ProviderError) || error.retryable) throw error;
      const found = await this.find(sid);
      if (found !== null && found.state !== 'closed') throw error;
    }
  }

  /** Only a closed one is dead: an inactive one wakes at the next message. */
  async isOpen(sid: string): Promise<boolean> {
    const found = await this.find(sid);
    return found !== null && found.state !== 'closed';
  }

  async add(sid: string, identity: string): Promise<void> {
    try {
      await this.call(() => this.conversation(sid).participants.create({ identity }));
    } catch (error) {
      if (!hasCode(error, ...TWILIO.participantExists)) throw error;
    }
  }

  private conversation(sidOrName: string) {
    return this.client.conversations.v1.services(this.serviceSid).conversations(sidOrName);
  }

  private async create(uniqueName: string): Promise<string | null> {
    try {
      const conversations = this.client.conversations.v1.services(this.serviceSid).conversations;
      return (await this.call(() => conversations.create({ uniqueName }))).sid;
    } catch (error) {
      if (hasCode(error, TWILIO.conversationExists)) return null;
      throw error;
    }
  }

  private async find(sidOrName: string): Promise<{ sid: string; state: string } | null> {
    try {
      return await this.call(() => this.conversation(sidOrName).fetch());
    } catch (error) {
      if (hasCode(error, TWILIO.notFound)) return null;
      throw error;
    }
  }

  /** 50391 (changed by somebody else at the same moment) is over in a moment, and nothing was done. */
  private call<T>(request: () => Promise<T>): Promise<T> {
    return withRetries(() => callTwilio(request), {
      retries: 3,
      pauseMs: 100,
      isWorthwhile: (error) => hasCode(error, TWILIO.conversationBusy),
    });
  }
}
