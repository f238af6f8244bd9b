import { ThreadedMail } from './threaded-mail.js';

/** Hands mails over by a thread, as a process of its own (a thread loads TypeScript as its process does), and prints how each ended. */
const mail = new ThreadedMail({ smtpUrl: process.argv[2] ?? '', from: 'Punctual <no-reply@example.com>' });
const message = { subject: 'Hello', text: 'See you.\n', kind: 'reminder', messageId: '<1@example.com>' };
const send = (to: string, handingOver?: () => Promise<void>) =>
  mail.sendMail({ ...message, to, ...(handingOver && { handingOver }) }).then(
    ({ ref }) => ref,
    ({ name, code, retryable, unanswered }: Record<string, unknown>) => ({ name, code, retryable, unanswered }),
  );
const endThread = () =>
  (mail as unknown as { thread: { threads: { terminate(): Promise<number> }[] } }).thread.threads[0]!.terminate();
/** The thread ends while the server has a mail and has not answered. */
function sendIntoTheEnd() {
  setTimeout(() => void endThread(), 500);
  return send('held@example.com');
}

const asked: string[] = [];
const ends = {
  sent: await send('sent@example.com'),
  allowed: await send('allowed@example.com', async () => void asked.push('allowed')),
  refused: await send('refused@example.com', () => Promise.reject(new Error('no longer ours'))),
  unknown: await send('unknown@example.com'),
  nobody: await send(''),
  held: await sendIntoTheEnd(),
  after: await send('after@example.com'),
  asked,
};
process.stdout.write(JSON.stringify(ends));
mail.close();
