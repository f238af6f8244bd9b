import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { disableEndpoint, enableEndpoint, makeEndpoint } from '../db/webhook-endpoints.js';
import { type Bench, startBench } from '../providers/test-sandbox.js';
import { makePerson } from '../tests/support/people.js';
import { useTestDatabase } from '../tests/support/test-db.js';
import { tellOfEndpoints } from './endpoint-alerts.js';

const db = useTestDatabase();
let bench: Bench;
beforeAll(async () => {
  bench = await startBench();
});
afterAll(() => bench.close());
beforeEach(async () => {
  bench.sandbox.control.reset();
  await db().updateTable('webhookEndpoint').set({ status: 'deleted' }).execute();
  await db().updateTable('person').set({ role: 'client' }).execute();
});

async function givenUp(reason: 'gone' | 'failing'): Promise<string> {
  const id = randomUUID();
  const admin = await makePerson(db(), 'client');
  const url = 'https://hooks.example.com/secret-path';
  await makeEndpoint(db(), { id, url, types: [], description: null, secret: 's', createdBy: admin.id });
  await db()
    .transaction()
    .execute((trx) => disableEndpoint(trx, id, reason, new Date()));
  return id;
}

const relay = () => {
  const site = { brand: 'Punctual', webUrl: 'https://app.example.test' };
  const { mail } = bench.providers;
  return tellOfEndpoints({ db: db(), mail, mailDomain: 'punctual.test', site, log: pino({ level: 'silent' }) });
};
const mails = () => bench.sandbox.control.mail();

test('every admin is told once that an endpoint is given up, in their language, without its path', async () => {
  const [one, two] = [await makePerson(db(), 'admin'), await makePerson(db(), 'admin')];
  await db()
    .updateTable('person')
    .set({ locale: 'de-AT', timeZone: 'Europe/Vienna' })
    .where('id', '=', two.id)
    .execute();
  const id = await givenUp('gone');
  await Promise.all([relay(), relay(), relay()]);
  expect(await relay()).toBe(0);
  const to = (subject: string) => mails().filter((mail) => mail.to.includes(`${subject}@example.test`));
  expect(mails()).toHaveLength(2);
  const [english] = to(one.subject);
  const [german] = to(two.subject);
  expect(english!.subject).toBe('Punctual: A webhook endpoint is switched off');
  expect(english!.text).toContain('It answered that it is gone (410).');
  expect(german!.text).toMatch(/bei hooks\.example\.com wird seit .*\(Europe\/Vienna\) nichts mehr gesendet/);
  for (const { text, html, headers } of mails()) {
    expect(text).toContain(id);
    expect(`${text}${String(html)}`).not.toContain('secret-path');
    expect(headers['x-punctual-kind']).toBe('webhook_endpoint_disabled');
  }
});

test('nobody is told of one that was enabled meanwhile; given up anew it is told anew', async () => {
  await makePerson(db(), 'admin');
  const id = await givenUp('failing');
  await enableEndpoint(db(), id);
  expect(await relay()).toBe(0);
  for (let times = 1; times <= 2; times += 1) {
    await db()
      .transaction()
      .execute((trx) => disableEndpoint(trx, id, 'failing', new Date()));
    expect(await relay()).toBe(1);
    expect(mails()).toHaveLength(times);
    await enableEndpoint(db(), id);
  }
  expect(new Set(mails().map(({ messageId }) => messageId)).size).toBe(2);
});
