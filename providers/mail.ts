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

/** The address that mail comes from, without its name. */
export const senderOf = (from: string): string => ADDRESS.exec(from)?.[1]?.trim() ?? from.trim();

/**
 * A message's content in one piece, read when the server has said 354 to DATA and `begin` allows it. It is composed in many,
 * each of which would be written to the connection by itself.
 */
function inOnePiece(content: Readable, begin: () => Promise<void>): Readable {
  const pieces: Buffer[] = [];
  const whole = new Readable({
    read() {
      begin().then(
        () => content.on('data', (piece: Buffer) => pieces.push(piece)),
        (error: Error) => whole.destroy(error),
      );
    },
  });
  content.once('error', (error) => whole.destroy(error));
  content.once('end', () => {
    whole.push(Buffer.concat(pieces));
    whole.push(null);
  });
  return whole;
}

/** Mail over SMTP, as text and HTML, with an entry for the calendar. `ref` is the Message-ID, the same at every repeat. Throws ProviderError only. */
export class SmtpMail implements MailProvider {
  readonly sender: string;
  private readonly transport;

  constructor(
    private readonly config: MailConfig,
    timeoutMs = CALL_TIMEOUT_MS,
  ) {
    this.sender = senderOf(config.from);
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
      const { begin } = data as unknown as { begin: () => Promise<void> };
      message.processFunc((content) => inOnePiece(content, begin));
      done();
    });
  }

  async sendMail(message: Parameters<MailProvider['sendMail']>[0]): Promise<{ ref: string }> {
    const { handingOver } = message;
    let begun = handingOver === undefined;
    const forOurPlugin = {
      begin: async () => {
        await handingOver?.();
        begun = true;
      },
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
        ...forOurPlugin,
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
