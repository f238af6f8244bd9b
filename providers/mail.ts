import { Readable } from 'node:stream';
import { createTransport } from 'nodemailer';
import type { MailConfig } from './config.js';
import { CALL_TIMEOUT_MS } from './limits.js';
import { toMailError } from './mail-errors.js';
import type { MailProvider } from './types.js';

/** A herd's mail goes over a few connections, one message after the other on each, as mail servers want it. */
export const MAIL_CONNECTIONS = 16;
const IDLE_MS = 5_000;

/** `Name <address>` or an address alone. */
const ADDRESS = /<([^<>]+)>\s*$/;

/** A message's content is read when the server has said 354 to DATA. */
async function* onceBegun(begin: () => Promise<void>, content: Readable): AsyncGenerator<Buffer> {
  await begin();
  yield* content;
}

/** Mail over SMTP, as text and HTML, with an entry for the calendar. `ref` is the Message-ID, the same at every repeat. Throws ProviderError only. */
export class SmtpMail implements MailProvider {
  readonly sender: string;
  private readonly transport;

  constructor(
    private readonly config: MailConfig,
    timeoutMs = CALL_TIMEOUT_MS,
  ) {
    this.sender = ADDRESS.exec(config.from)?.[1]?.trim() ?? config.from.trim();
    this.transport = createTransport({
      url: config.smtpUrl,
      pool: true,
      maxConnections: MAIL_CONNECTIONS,
      idleTimeout: IDLE_MS,
      maxRequeues: 0, // a repeat is the relay's, which writes down that it was tried
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      dnsTimeout: timeoutMs,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    this.transport.use('stream', ({ data, message }, done) => {
      const { begin } = data as { begin?: () => Promise<void> };
      if (begin !== undefined) message.processFunc((content) => Readable.from(onceBegun(begin, content)));
      done();
    });
  }

  async sendMail(message: Parameters<MailProvider['sendMail']>[0]): Promise<{ ref: string }> {
    const { handingOver } = message;
    let begun = handingOver === undefined;
    const begin = async () => {
      await handingOver?.();
      begun = true;
    };
    try {
      const sent = await this.transport.sendMail({
        from: this.config.from,
        to: message.to,
        subject: message.subject,
        text: message.text,
        ...(message.html === undefined ? {} : { html: message.html }),
        ...(message.calendar ? { icalEvent: { filename: 'appointment.ics', ...message.calendar } } : {}),
        messageId: message.messageId,
        ...(handingOver !== undefined && { begin }),
        headers: {
          'Auto-Submitted': 'auto-generated', // RFC 3834: no out-of-office replies
          'X-Punctual-Kind': message.kind,
        },
      });
      return { ref: sent.messageId };
    } catch (error) {
      throw toMailError(error, begun);
    }
  }

  close(): void {
    this.transport.close();
  }
}
