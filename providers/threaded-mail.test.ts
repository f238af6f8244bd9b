import { execFile } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, expect, test } from 'vitest';

const arrived: string[] = [];
let server: SMTPServer;

beforeAll(async () => {
  server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    onRcptTo: ({ address }, _session, done) => {
      if (address.startsWith('unknown')) return done(Object.assign(new Error('not here'), { responseCode: 550 }));
      done();
    },
    onData: (stream, { envelope }, done) => {
      const [to] = envelope.rcptTo;
      stream.resume().once('end', () => {
        if (stream.byteLength > 0) arrived.push(to?.address.split('@')[0] ?? '');
        if (!to?.address.startsWith('held')) done();
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => new Promise<void>((resolve) => server.close(() => resolve())));

test('a mail handed over by the thread ends as it would without: sent, refused, not allowed, or unanswered', async () => {
  const program = fileURLToPath(new URL('test-threaded-mail.ts', import.meta.url));
  const { port } = server.server.address() as AddressInfo;
  const args = ['--import', 'tsx', program, `smtp://127.0.0.1:${port}`];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 60_000 });
  const error = { name: 'ProviderError', retryable: false, unanswered: false };
  expect(JSON.parse(stdout)).toEqual({
    sent: '<1@example.com>',
    allowed: '<1@example.com>',
    asked: ['allowed'],
    refused: { ...error, code: 'ESTREAM', retryable: true },
    unknown: { ...error, code: '550' },
    nobody: { ...error, code: 'EENVELOPE' },
    held: { ...error, code: 'thread_ended', retryable: true, unanswered: true },
    after: '<1@example.com>',
  });
  expect(arrived).toEqual(['sent', 'allowed', 'held', 'after']);
}, 90_000);
