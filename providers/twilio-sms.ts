import type twilio from 'twilio';
import type { TwilioConfig } from './config.js';
import { callTwilio, createTwilioClient } from './twilio-client.js';
import type { SmsProvider } from './types.js';

/** How far back an earlier message is looked for; a person gets a handful of ours a day. */
const RECENT_MESSAGES = 50;
/** These did not arrive, so the text may go out again. */
const NOT_SENT: ReadonlySet<string> = new Set(['failed', 'undelivered', 'canceled']);

/**
 * SMS by Twilio. Final refusals carry Twilio's code: 21211 and 21614 (no such mobile number), 21610 (opted out).
 * A connection that broke is retryable but means "unknown": repeat with `lookForEarlierSince`.
 * https://www.twilio.com/docs/messaging/api/message-resource
 */
export class TwilioSms implements SmsProvider {
  private readonly client: twilio.Twilio;

  constructor(
    private readonly config: TwilioConfig,
    timeoutMs?: number,
  ) {
    this.client = createTwilioClient(config, timeoutMs);
  }

  async sendSms(message: Parameters<SmsProvider['sendSms']>[0]): Promise<{ ref: string }> {
    const { to, body, mark, lookForEarlierSince } = message;
    const earlier = lookForEarlierSince ? await this.findEarlier(to, mark, lookForEarlierSince) : null;
    if (earlier !== null) return { ref: earlier };
    const sent = await callTwilio(() => this.client.messages.create({ to, body, from: this.config.fromNumber }));
    return { ref: sent.sid };
  }

  /** Not filtered by date at Twilio: its filter is about when a message was sent, and a queued one has no such date. */
  private async findEarlier(to: string, mark: string, since: Date): Promise<string | null> {
    const recent = await callTwilio(() =>
      this.client.messages.list({ to, pageSize: RECENT_MESSAGES, limit: RECENT_MESSAGES }),
    );
    const sinceSecond = Math.floor(since.getTime() / 1000) * 1000; // Twilio's times have whole seconds
    const same = recent.find(
      (one) =>
        one.body?.includes(mark) &&
        one.dateCreated.getTime() >= sinceSecond &&
        one.direction.startsWith('outbound') &&
        !NOT_SENT.has(one.status),
    );
    return same?.sid ?? null;
  }
}
