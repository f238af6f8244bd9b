import { twilioCredentials } from '../credentials.js';
import { twilioSid } from '../ids.js';
import type { Collection, Store } from '../store.js';
import type { WebhookDispatcher } from '../webhooks/dispatcher.js';
import { notFound, TwilioFailure } from './errors.js';

export interface StoredMessage {
  sid: string;
  to: string;
  from: string;
  body: string;
  status: 'queued' | 'delivered';
  statusCallback: string | null;
  /** ISO 8601, UTC. */
  at: string;
}

const E164 = /^\+[1-9]\d{6,14}$/;
/** Twilio's magic numbers (https://www.twilio.com/docs/iam/test-credentials#test-sms-messages). */
const REFUSED: Record<string, [number, string]> = {
  '+15005550001': [21211, "The 'To' number +15005550001 is not a valid phone number."],
  '+15005550002': [21612, "The 'To' phone number +15005550002 is not currently reachable via SMS."],
  '+15005550003': [21408, 'Permission to send an SMS has not been enabled for the region indicated by the To number.'],
  '+15005550004': [21610, 'Attempt to send to unsubscribed recipient'],
  '+15005550009': [21614, "'To' number is not a valid mobile number"],
};

/** Whoever has opted out is refused as this one is. */
const OPTED_OUT_NUMBER = '+15005550004';
const STOP = /^(stop|stopall|unsubscribe|cancel|end|quit|revoke|optout)$/i;
const START = /^(start|yes|unstop)$/i;

/** SMS that were sent. There is no idempotency key: a repeat is a second SMS. */
export class TwilioMessages {
  readonly #messages: Collection<StoredMessage>;
  readonly #optedOut: Collection<{ number: string }>;

  constructor(
    store: Store,
    private readonly webhooks: WebhookDispatcher,
  ) {
    this.#messages = store.collection<StoredMessage>('twilio_messages');
    this.#optedOut = store.collection<{ number: string }>('twilio_opted_out');
  }

  /** @throws TwilioFailure 21604, 21602, 21603, 21606, 21211, 21610, 21614, 21617 */
  send(fields: {
    to: string | null;
    from: string | null;
    body: string | null;
    statusCallback: string | null;
  }): StoredMessage {
    const { to, from, body, statusCallback } = fields;
    if (!to) throw new TwilioFailure(400, 21604, "A 'To' phone number is required.");
    if (!from) throw new TwilioFailure(400, 21603, "A 'From' phone number is required.");
    if (!body) throw new TwilioFailure(400, 21602, 'Message body is required.');
    if (!E164.test(to)) throw new TwilioFailure(400, 21211, `The 'To' number ${to} is not a valid phone number.`);
    if (from !== twilioCredentials.fromNumber) {
      throw new TwilioFailure(
        400,
        21606,
        `The 'From' phone number ${from} is not a valid, SMS-capable inbound phone number.`,
      );
    }
    if (body.length > 1600)
      throw new TwilioFailure(400, 21617, 'The concatenated message body exceeds the 1600 character limit.');
    const refusal = REFUSED[to] ?? (this.#optedOut.get(to) ? REFUSED[OPTED_OUT_NUMBER] : undefined);
    if (refusal) throw new TwilioFailure(400, ...refusal);
    const at = new Date().toISOString();
    const message: StoredMessage = { sid: twilioSid('SM'), to, from, body, status: 'queued', statusCallback, at };
    this.#messages.put(message.sid, message);
    const delivered = this.#messages.change(message.sid, { status: 'delivered' });
    for (const status of ['sent', 'delivered']) this.#tell(delivered, status);
    return message;
  }

  /** Somebody writes to our number: Twilio keeps its own list of who opted out, and tells the address it was given. */
  receive({ from, body, url }: { from: string; body: string; url: string }): { messageId: string } {
    if (STOP.test(body.trim())) this.#optedOut.put(from, { number: from });
    if (START.test(body.trim())) this.#optedOut.delete(from);
    const sid = twilioSid('SM');
    const form = {
      AccountSid: twilioCredentials.accountSid,
      ApiVersion: '2010-04-01',
      Body: body,
      From: from,
      MessageSid: sid,
      NumMedia: '0',
      NumSegments: '1',
      SmsMessageSid: sid,
      SmsSid: sid,
      SmsStatus: 'received',
      To: twilioCredentials.fromNumber,
    };
    const text = new URLSearchParams(form).toString();
    this.webhooks.enqueue({ provider: 'twilio', eventId: twilioSid('EV'), type: 'message-received', body: text, url });
    return { messageId: sid };
  }

  list(): StoredMessage[] {
    return this.#messages.values();
  }

  /** @throws TwilioFailure 20404 */
  get(sid: string): StoredMessage {
    const message = this.#messages.get(sid);
    if (!message) throw notFound(`/2010-04-01/Accounts/${twilioCredentials.accountSid}/Messages/${sid}.json`);
    return message;
  }

  #tell(message: StoredMessage, status: string): void {
    if (!message.statusCallback) return;
    const form = {
      AccountSid: twilioCredentials.accountSid,
      ApiVersion: '2010-04-01',
      From: message.from,
      MessageSid: message.sid,
      MessageStatus: status,
      SmsSid: message.sid,
      SmsStatus: status,
      To: message.to,
    };
    const body = new URLSearchParams(form).toString();
    const eventId = twilioSid('EV');
    this.webhooks.enqueue({
      provider: 'twilio',
      eventId,
      type: `message-${status}`,
      body,
      url: message.statusCallback,
    });
  }
}

/** The message as `api.v2010.account.message`. */
export function messageEntity(message: StoredMessage): Record<string, unknown> {
  const base = `/2010-04-01/Accounts/${twilioCredentials.accountSid}/Messages/${message.sid}`;
  // RFC 2822 with a numeric zone, as the 2010 API tells time.
  const at = new Date(message.at).toUTCString().replace('GMT', '+0000');
  return {
    account_sid: twilioCredentials.accountSid,
    api_version: '2010-04-01',
    body: message.body,
    date_created: at,
    date_sent: message.status === 'queued' ? null : at,
    date_updated: at,
    direction: 'outbound-api',
    error_code: null,
    error_message: null,
    from: message.from,
    messaging_service_sid: null,
    num_media: '0',
    num_segments: String(Math.ceil(message.body.length / 160)),
    price: null,
    price_unit: 'USD',
    sid: message.sid,
    status: message.status,
    subresource_uris: { media: `${base}/Media.json` },
    to: message.to,
    uri: `${base}.json`,
  };
}
