import { extname } from 'node:path';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { MailConfig } from './config.js';
import { senderOf } from './mail.js';
import { type MailProvider, ProviderError } from './types.js';

type Message = Parameters<MailProvider['sendMail']>[0];

/** A mail on its way into the thread. */
export interface MailOrder {
  message: Omit<Message, 'handingOver'>;
  /** Asks whether the mail may be handed over and is answered with null or why not; null: it may. */
  asks: MessagePort | null;
}

export type MailOutcome = { ref: string } | { refused: ConstructorParameters<typeof ProviderError> };

/** Mails in the thread at once; `SmtpMail` lets them wait for its connections. */
const AT_ONCE = 10_000;

/**
 * `SmtpMail` in a thread of its own, which starts with the first mail: composing mails is the largest part of what a
 * worker does for notices, and a herd's claims, decisions and SMS would wait for it. A thread that dies is replaced, and its mails are unanswered.
 */
export class ThreadedMail implements MailProvider {
  readonly sender: string;
  private readonly thread: Piscina<MailOrder, MailOutcome>;

  constructor(config: MailConfig) {
    this.sender = senderOf(config.from);
    this.thread = new Piscina({
      // As this file is, compiled or not.
      filename: new URL(`./mail-thread${extname(import.meta.url)}`, import.meta.url).href,
      workerData: config,
      minThreads: 0,
      maxThreads: 1,
      idleTimeout: Infinity,
      concurrentTasksPerWorker: AT_ONCE,
      atomics: 'disabled', // a thread that waits for tasks must go on with its connections
    });
    // Its mails are told of it.
    this.thread.on('error', () => undefined);
  }

  async sendMail({ handingOver, ...message }: Message): Promise<{ ref: string }> {
    let begun = handingOver === undefined;
    const begin = async () => {
      await handingOver?.();
      begun = true;
    };
    const outcome = await this.inThread(message, handingOver && begin).catch((error: unknown) => {
      throw new ProviderError('smtp', 'thread_ended', `The mail's thread ended (${String(error)})`, true, null, begun);
    });
    if ('refused' in outcome) throw new ProviderError(...outcome.refused);
    return outcome;
  }

  close(): void {
    void this.thread.destroy();
  }

  private async inThread(
    message: MailOrder['message'],
    begin: (() => Promise<void>) | undefined,
  ): Promise<MailOutcome> {
    if (begin === undefined) return this.thread.run({ message, asks: null });
    const { port1: asked, port2: asks } = new MessageChannel();
    asked.once('message', () => {
      begin().then(
        () => asked.postMessage(null),
        (error: unknown) => asked.postMessage(String(error)),
      );
    });
    try {
      return await this.thread.run({ message, asks }, { transferList: [asks] });
    } finally {
      asked.close();
    }
  }
}
