import type { AddressInfo } from 'node:net';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { SmtpMail } from './mail.js';

const received: ParsedMail[] = [];
let refuseRecipient: number | null = null;
let server: SMTPServer;
let mail: SmtpMail;

beforeAll(async () => {
  server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    onRcptTo: (_address, _session, done) => {
      if (refuseRecipient === null) return done();
      done(Object.assign(new Error('ask@example.com is not here'), { responseCode: refuseRecipient }));
    },
    onData: (stream, _session, done) => {
      simpleParser(stream).then((parsed) => {
        received.push(parsed);
        done();
      }, done);
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  mail = new SmtpMail({ smtpUrl: `smtp://127.0.0.1:${port}`, from: 'Punctual <no-reply@example.com>' });
});
afterAll(() => new Promise<void>((resolve) => server.close(resolve)));
beforeEach(() => {
  received.length = 0;
  refuseRecipient = null;
});

const message = {
  to: 'client@example.com',
  subject: 'Your session — tomorrow',
  text: 'See you at 10:00.\n',
  kind: 'reminder',
  messageId: '<notification-1@example.com>',
};

test('a mail arrives with its own Message-ID, the same at a repeat', async () => {
  expect(await mail.sendMail(message)).toEqual({ ref: '<notification-1@example.com>' });
  expect(await mail.sendMail(message)).toEqual({ ref: '<notification-1@example.com>' });
  expect(received).toHaveLength(2);
  for (const one of received) {
    expect(one).toMatchObject({ messageId: message.messageId, subject: message.subject, text: message.text });
    expect(one.from?.text).toBe('"Punctual" <no-reply@example.com>');
    expect(one.headers.get('auto-submitted')).toBe('auto-generated');
    expect(one.headers.get('x-punctual-kind')).toBe('reminder');
  }
});

test.each([
  [550, false],
  [450, true],
])('a recipient refused with %i: retryable %s, and the address stays out of the error', async (reply, retryable) => {
  refuseRecipient = reply;
  const error: unknown = await mail.sendMail(message).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ name: 'ProviderError', provider: 'smtp', code: String(reply), retryable });
  expect((error as Error).message).not.toContain('@');
});

test('no server is retryable, no recipient is final', async () => {
  const nowhere = new SmtpMail({ smtpUrl: 'smtp://127.0.0.1:1', from: 'a@example.com' });
  await expect(nowhere.sendMail(message)).rejects.toMatchObject({ provider: 'smtp', retryable: true });
  await expect(mail.sendMail({ ...message, to: '' })).rejects.toMatchObject({ code: 'EENVELOPE', retryable: false });
  expect(received).toHaveLength(0);
});

test('a line break in a subject or a kind adds no header', async () => {
  const broken = 'Hello\r\nBcc: other@example.com';
  await mail.sendMail({ ...message, subject: broken, kind: broken });
  expect(received).toHaveLength(1);
  expect(received[0]?.bcc).toBeUndefined();
});
