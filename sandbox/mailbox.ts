import { type AddressObject, simpleParser } from 'mailparser';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';
import type { FaultTable } from './faults.js';
import type { Collection, Store } from './store.js';
import { sleep } from './vendor-gate.js';

export interface ReceivedMail {
  seq: number;
  /** ISO 8601, UTC. */
  at: string;
  from: string;
  to: string[];
  subject: string;
  text: string;
  html: string | null;
  /** Calendar parts, as they came. */
  calendars: string[];
  messageId: string | null;
  /** By lower-case name, unfolded. */
  headers: Record<string, string>;
}

/** Nobody reads a text made into HTML. */
const PARSING = { skipTextToHtml: true, skipTextLinks: true, skipImageLinks: true };

interface Connection {
  session: { id: string };
  _socket: { destroy(): void };
}

/** An SMTP server that keeps what it is sent and delivers nothing. */
export class Mailbox {
  readonly #mails: Collection<ReceivedMail>;
  readonly #server: SMTPServer;
  #seq: number;

  constructor(store: Store, faults: FaultTable) {
    this.#mails = store.collection<ReceivedMail>('mail');
    this.#seq = this.#mails.size;
    this.#server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      disableReverseLookup: true,
      logger: false,
      onData: (stream, session, done) => {
        void (async () => {
          const hits = faults.take('smtp', 'DATA', '');
          const mail = await simpleParser(stream, PARSING);
          for (const { ms } of hits) if (ms) await sleep(ms);
          const failing = hits.find(({ kind }) => kind !== 'latency');
          if (failing?.kind === 'error500') return done(smtpError(451, 'Local error in processing'));
          if (failing?.kind === 'error429') return done(smtpError(421, 'Too many messages, try again later'));
          if (failing?.kind !== 'reset_before')
            this.#keep(
              mail,
              session.envelope.rcptTo.map(({ address }) => address),
            );
          if (failing) return this.#cut(session);
          return done();
        })().catch((error: unknown) => done(error instanceof Error ? error : new Error(String(error))));
      },
    });
    // A client that goes away in the middle is its own affair.
    this.#server.on('error', () => {});
  }

  /** @returns the port. @throws the listener's error (`EADDRINUSE`) */
  listen(port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const { server } = this.#server;
      server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', () => {
        server.off('error', reject);
        const address = server.address();
        resolve(typeof address === 'object' && address ? address.port : port);
      });
    });
  }

  list(): ReceivedMail[] {
    return this.#mails.values();
  }

  close(): Promise<void> {
    for (const connection of this.#server.connections as Set<Connection>) connection._socket.destroy();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  /** A cut connection has no answer: the client can't know whether the mail arrived. */
  #cut(session: SMTPServerSession): void {
    for (const connection of this.#server.connections as Set<Connection>) {
      if (connection.session.id === session.id) connection._socket.destroy();
    }
  }

  #keep(mail: Awaited<ReturnType<typeof simpleParser>>, recipients: string[]): void {
    const seq = (this.#seq += 1);
    const from = (mail.from as AddressObject | undefined)?.text ?? '';
    this.#mails.put(String(seq), {
      seq,
      at: new Date().toISOString(),
      from,
      to: recipients,
      subject: mail.subject ?? '',
      text: (mail.text ?? '').trimEnd(),
      html: mail.html || null,
      calendars: mail.attachments
        .filter(({ contentType }) => contentType === 'text/calendar')
        .map(({ content }) => content.toString('utf8')),
      messageId: mail.messageId ?? null,
      headers: Object.fromEntries(mail.headerLines.map(({ key, line }) => [key, headerValue(line)])),
    });
  }
}

function headerValue(line: string): string {
  return line
    .slice(line.indexOf(':') + 1)
    .replace(/\r?\n\s+/g, ' ')
    .trim();
}

function smtpError(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}
