import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  beginNotifications,
  type BegunNotification,
  claimNotifications,
  finishNotifications,
  freeNotificationsOfDeadRelays,
} from '../db/notification-claims.js';
import { SmtpMail } from '../providers/mail.js';
import { type Bench, startBench } from '../providers/test-sandbox.js';
import { bookAppointment, makeParties, passTime } from '../tests/support/appointments.js';
import { useTestDatabase } from '../tests/support/test-db.js';
import { deliver, readViews } from './notification-delivery.js';

const RELAY = 1;
const SITE = { brand: 'Punctual', webUrl: 'https://app.example.test' };
const db = useTestDatabase();
/** What the mail server does once it has the whole message. */
let onTaken: 'drops the connection' | 'answers 451' = 'drops the connection';
let taken = 0;
let server: SMTPServer;
let bench: Bench;
let mail: SmtpMail;

beforeAll(async () => {
  bench = await startBench();
  server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    onData: (stream, session, done) => {
      stream.resume().on('end', () => {
        taken += 1;
        if (onTaken === 'answers 451') return done(Object.assign(new Error('later'), { responseCode: 451 }));
        for (const connection of server.connections)
          if (connection.session.id === session.id) connection._socket.destroy();
      });
    },
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  mail = new SmtpMail({ smtpUrl: `smtp://127.0.0.1:${port}`, from: 'Punctual <no-reply@example.com>' });
});
afterAll(async () => {
  mail.close();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  await bench.close();
});

let id: string;
beforeEach(async () => {
  taken = 0;
  const parties = await makeParties(db());
  await db().deleteFrom('notification').execute();
  id = await bookAppointment(db(), parties);
});

const mails = () =>
  db()
    .selectFrom('notification')
    .select(['status', 'attempts', 'unanswered', 'error'])
    .where('channel', '=', 'email')
    .execute();

async function begin(): Promise<BegunNotification[]> {
  await passTime(db(), id, 61_000);
  const claimed = await claimNotifications(db(), RELAY, ['email'], 10);
  return beginNotifications(
    db(),
    RELAY,
    claimed.map((one) => one.id),
  );
}

/** One round of a relay over what is due by then. */
async function relayOnce(): Promise<void> {
  await handOver(await begin());
}

async function handOver(begun: readonly BegunNotification[]): Promise<void> {
  const { sms } = bench.providers;
  const deps = { db: db(), sms, mail, mailDomain: 'example.com', site: SITE, log: pino({ level: 'silent' }) };
  await finishNotifications(db(), RELAY, await deliver(deps, begun, await readViews(deps, begun)));
}

test('a mail whose answer is lost is repeated once, then given up for all to see', async () => {
  onTaken = 'drops the connection';
  await relayOnce();
  expect(await mails()).toMatchObject([{ status: 'pending', attempts: 1, unanswered: 1 }]);
  for (let round = 0; round < 3; round += 1) await relayOnce();
  expect(taken).toBe(2);
  expect(await mails()).toMatchObject([{ status: 'failed', unanswered: 2, error: expect.stringContaining('twice') }]);
});

test('a repeat counts from the moment at which the server is ready for it: a relay that dies before has not tried it', async () => {
  onTaken = 'drops the connection';
  await relayOnce();
  expect(await begin()).toMatchObject([{ unanswered: 1, attempts: 2 }]);
  // No lock says that this relay lives.
  expect(await freeNotificationsOfDeadRelays(db())).toBe(1);
  expect(await mails()).toMatchObject([{ status: 'pending', unanswered: 1 }]);

  const begun = await begin();
  await db()
    .updateTable('notification')
    .set({ claimedBy: RELAY + 1 })
    .where('channel', '=', 'email')
    .execute();
  await handOver(begun);
  expect(taken).toBe(1);
  expect(await mails()).toMatchObject([{ status: 'sending', unanswered: 1 }]);

  await freeNotificationsOfDeadRelays(db());
  await relayOnce();
  expect(taken).toBe(2);
  expect(await mails()).toMatchObject([{ status: 'pending', unanswered: 2 }]);
});

test('a mail that the server refused for now is tried on: it has not taken it', async () => {
  onTaken = 'answers 451';
  for (let round = 0; round < 4; round += 1) await relayOnce();
  expect(await mails()).toMatchObject([{ status: 'pending', attempts: 4, unanswered: 0 }]);
});
