import { setTimeout as sleep } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { createTransport } from 'nodemailer';
import twilio from 'twilio';
import type RequestClient from 'twilio/lib/base/RequestClient.js';
import { readProviderConfig } from '../../providers/config.js';
import { MAIL_CONNECTIONS } from '../../providers/mail.js';
import type { MailProvider } from '../../providers/types.js';
import { rebase } from '../../providers/twilio-client.js';
import { forEachAtOnce } from '../at-once.js';

/** One message as a vendor's SDK takes it. */
export type BareMessage =
  | { channel: 'sms'; to: string; body: string }
  | ({ channel: 'email' } & Omit<Parameters<MailProvider['sendMail']>[0], 'kind'>);

/** What the bench asks of this process. */
export interface SendingOrder {
  /** JSON file with the messages. */
  file: string;
  smsAtOnce: number;
  mailAtOnce: number;
  /** Written when all are sent, with the time at which the measured ones began; this process then waits to be stopped. */
  doneFile: string;
}

/** Sent first and not measured: our own worker has sent before the herd, too. */
const WARM_UP = 200;

/** Nothing but the SDKs as they come, Twilio's and nodemailer's pool: sends all messages, each channel so many at once. */
const { file, smsAtOnce, mailAtOnce, doneFile } = JSON.parse(process.argv[2] ?? '') as SendingOrder;
const messages = JSON.parse(await readFile(file, 'utf8')) as BareMessage[];
const config = readProviderConfig();
const { apiUrl, apiKeySid, apiKeySecret, accountSid, fromNumber } = config.twilio;

/** The SDK's own client, led to the sandbox. */
class SandboxClient extends twilio.RequestClient {
  override request<TData>(options: RequestClient.RequestOptions<TData>) {
    return super.request({ ...options, uri: rebase(options.uri, apiUrl) });
  }
}

const { messages: twilioMessages } = twilio(apiKeySid, apiKeySecret, { accountSid, httpClient: new SandboxClient() });
const mail = createTransport({ url: config.mail.smtpUrl, pool: true, maxConnections: MAIL_CONNECTIONS });

async function sendAll(these: readonly BareMessage[]): Promise<void> {
  const sms = these.filter((message) => message.channel === 'sms');
  const mails = these.filter((message) => message.channel === 'email');
  await Promise.all([
    forEachAtOnce(sms, smsAtOnce, async ({ to, body }) => {
      await twilioMessages.create({ to, body, from: fromNumber });
    }),
    forEachAtOnce(mails, mailAtOnce, async ({ calendar, ...message }) => {
      const icalEvent = calendar ? { icalEvent: calendar } : {};
      await mail.sendMail({ from: config.mail.from, ...message, ...icalEvent });
    }),
  ]);
}

await sendAll(messages.slice(0, WARM_UP).map((message) => ({ ...message, messageId: `<${randomUUID()}@bare.test>` })));
// Arrivals are told apart by their time.
await sleep(500);
const begunAt = Date.now();
await sendAll(messages);
await writeFile(doneFile, String(begunAt));
// Until it is stopped; connections that stay open must not hold it then.
setInterval(() => undefined, 60_000);
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));
