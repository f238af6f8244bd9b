import { workerData } from 'piscina';
import type { MailConfig } from './config.js';
import { SmtpMail } from './mail.js';
import type { MailOrder, MailOutcome } from './threaded-mail.js';
import { ProviderError } from './types.js';

/** What runs in the thread of `ThreadedMail`: one pool of SMTP connections for all mails. */
const mail = new SmtpMail(workerData as MailConfig);

/** Hands one mail over. Errors are part of the outcome, since a thread's boundary takes an error's fields away. */
export default async function send({ message, asks }: MailOrder): Promise<MailOutcome> {
  try {
    if (asks === null) return await mail.sendMail(message);
    const handingOver = () =>
      new Promise<void>((resolve, reject) => {
        asks.once('message', (refusal: string | null) => (refusal === null ? resolve() : reject(new Error(refusal))));
        asks.once('close', () => reject(new Error('whoever sends the mail is gone')));
        asks.postMessage('ready');
      });
    return await mail.sendMail({ ...message, handingOver });
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    const { provider, code, retryable, httpStatus, unanswered } = error;
    return { refused: [provider, code, error.message, retryable, httpStatus, unanswered] };
  } finally {
    asks?.close();
  }
}
