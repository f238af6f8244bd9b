import { randomUUID } from 'node:crypto';
import twilio from 'twilio';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { insertPerson, phoneColumns } from '../db/people.js';
import { twilioCredentials } from '../sandbox/credentials.js';
import type { TestPerson } from '../tests/support/people.js';
import { type ApiWorld, createApiWorld } from './test-world.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

let person: TestPerson;
let phone: string;
let next = 0;
beforeEach(async () => {
  const subject = `client-${randomUUID()}`;
  const id = await insertPerson(world.db, {
    subject,
    role: 'client',
    name: 'Ada',
    email: 'ada@example.test',
    locale: 'de',
  });
  person = { id, subject };
  phone = `+1202555${String((next += 1)).padStart(4, '0')}`;
});

const me = async () => (await world.send(person, '/v1/me')).body;
const ask = (number = phone, key?: string) => world.post(person, '/v1/me/phone', { phone: number }, key);
const verify = (code: string) => world.post(person, '/v1/me/phone/verify', { code });
const smsTo = (number = phone) => world.sandbox.control.sms().filter(({ to }) => to === number);
const codeIn = (number = phone) => /\b(\d{6})\b/.exec(smsTo(number).at(-1)!.body)![1]!;
const byText = (a: string, b: string) => a.localeCompare(b);
const wrong = (code: string) => String((Number(code) + 1) % 1_000_000).padStart(6, '0');
/** The half minute that lies between two codes. */
const wait = () =>
  world.db
    .updateTable('phoneCode')
    .set({ createdAt: new Date(Date.now() - 60_000) })
    .where('personId', '=', person.id)
    .execute();

describe('a telephone number', () => {
  test('becomes somebody’s by the code that was sent to it', async () => {
    expect(await me()).toMatchObject({ phone: null });
    const { status, body } = await ask(`${phone.slice(0, 5)} ${phone.slice(5)}`);
    expect(status).toBe(202);
    expect(Date.parse(String(body['expiresAt'])) - Date.now()).toBeGreaterThan(9 * 60_000);
    expect(smsTo()[0]!.body).toMatch(/^Punctual: \d{6} ist Ihr Code/);
    expect(await me()).toMatchObject({ phone: null });
    const answer = await verify(codeIn());
    expect(answer.status).toBe(200);
    expect(await me()).toMatchObject({
      phone: { number: phone, verifiedAt: answer.body['verifiedAt'], optedOut: false },
    });
    expect(await verify(codeIn())).toMatchObject({ status: 409, body: { code: 'code_over' } });
  });

  test('of the code and the number nothing is kept in clear', async () => {
    await ask();
    const row = await world.db.selectFrom('phoneCode').where('personId', '=', person.id).selectAll().executeTakeFirst();
    expect(JSON.stringify(row)).not.toContain(codeIn());
    expect(JSON.stringify(row)).not.toContain(phone.slice(1));
  });

  test('five tries, also where all come at once; then even the right code is over', async () => {
    await ask();
    const code = codeIn();
    const answers = await Promise.all(Array.from({ length: 8 }, () => verify(wrong(code))));
    expect(answers.map(({ body }) => String(body['code'])).toSorted(byText)).toEqual([
      ...Array.from({ length: 4 }, () => 'code_over'),
      ...Array.from({ length: 4 }, () => 'code_wrong'),
    ]);
    expect(await verify(code)).toMatchObject({ status: 409, body: { code: 'code_over' } });
    expect(await me()).toMatchObject({ phone: null });
  });

  test('a code ends after ten minutes, and when another is sent', async () => {
    await ask();
    const first = codeIn();
    await wait();
    await ask();
    if (codeIn() !== first) expect(await verify(first)).toMatchObject({ body: { code: 'code_wrong' } });
    const past = new Date(Date.now() - 1_000);
    await world.db.updateTable('phoneCode').set({ expiresAt: past }).where('personId', '=', person.id).execute();
    expect(await verify(codeIn())).toMatchObject({ body: { code: 'code_over' } });
  });

  test('few codes are sent, to a person and to a number; a repeated request sends none', async () => {
    const first = await ask(phone, 'same');
    expect((await ask(phone, 'same')).body).toEqual(first.body);
    expect(smsTo()).toHaveLength(1);
    expect(await ask()).toMatchObject({ status: 429, body: { code: 'too_many_codes' } });
    expect(await world.post(world.parties.client, '/v1/me/phone', { phone })).toMatchObject({ status: 429 });
    for (let sent = 1; sent < 5; sent += 1) {
      await wait();
      expect((await ask()).status).toBe(202);
    }
    await wait();
    expect(await ask()).toMatchObject({ status: 429, body: { code: 'too_many_codes' } });
    expect(smsTo()).toHaveLength(5);
  });

  test('what is no number, or takes no SMS, is named', async () => {
    expect(await ask('12345')).toMatchObject({ status: 422, body: { errors: [{ field: 'body.phone' }] } });
    expect(await ask('+15005550009')).toMatchObject({ status: 422, body: { errors: [{ field: 'body.phone' }] } });
    await wait();
    expect(await ask('+15005550004')).toMatchObject({ status: 409, body: { code: 'phone_opted_out' } });
    expect((await verify('12345')).status).toBe(422);
  });
});

const path = '/webhooks/twilio/messages';
async function receive(form: Record<string, string>, signature?: string) {
  const signed =
    signature ?? twilio.getExpectedTwilioSignature(twilioCredentials.authToken, `${world.url}${path}`, form);
  const headers = { 'x-twilio-signature': signed, 'content-type': 'application/x-www-form-urlencoded' };
  return world.send(null, path, { method: 'POST', raw: new URLSearchParams(form).toString(), headers });
}
const said = (Body: string, more: Record<string, string> = {}) => ({
  MessageSid: `SM${randomUUID()}`,
  From: phone,
  To: twilioCredentials.fromNumber,
  Body,
  ...more,
});
const optedOut = async () => ((await me())['phone'] as { optedOut: boolean }).optedOut;

describe('what people write back', () => {
  beforeEach(async () => {
    await world.db
      .updateTable('person')
      .set({ ...phoneColumns(world.db, person.id, phone), phoneVerifiedAt: new Date() })
      .where('id', '=', person.id)
      .execute();
  });

  test('STOP ends SMS, START brings them back, and each counts once', async () => {
    const stop = await receive(said('Stop'));
    expect(stop.status).toBe(200);
    expect(stop.headers.get('content-type')).toContain('text/xml');
    expect(String(stop.body['text'])).toMatch(/<Response\/>$/);
    expect(await optedOut()).toBe(true);
    const start = said('START');
    await receive(start);
    expect(await optedOut()).toBe(false);
    await receive(said('', { OptOutType: 'STOP' }));
    expect(await optedOut()).toBe(true);
    await receive(start); // recorded and sent again
    expect(await optedOut()).toBe(true);
  });

  test('HELP is answered in the sender’s language, unless Twilio has answered', async () => {
    const { body } = await receive(said('Help'));
    expect(String(body['text'])).toMatch(/<Response><Message>Punctual: Nach dem Anmelden .*START.*<\/Message>/);
    expect(String((await receive(said('HELP', { OptOutType: 'HELP' }))).body['text'])).toMatch(/<Response\/>$/);
    expect(await optedOut()).toBe(false);
  });

  test('anything else changes nothing, and nobody’s words or number are kept', async () => {
    expect((await receive(said('Canary, please stop it'))).status).toBe(200);
    expect(await optedOut()).toBe(false);
    const kept = await world.db.selectFrom('providerEvent').where('provider', '=', 'twilio').selectAll().execute();
    expect(kept.length).toBeGreaterThan(0);
    expect(JSON.stringify(kept)).not.toMatch(/Canary|\+1202555/);
  });

  test('an unsigned STOP is refused', async () => {
    expect(await receive(said('STOP'), 'bm9wZQ==')).toMatchObject({ status: 400, body: { code: 'signature_invalid' } });
    expect(await optedOut()).toBe(false);
  });

  test('a status that says so opts out, too', async () => {
    const status = { MessageSid: 'SM1', MessageStatus: 'undelivered', ErrorCode: '21610', To: phone };
    expect((await receive(status)).body).toEqual({ received: true });
    expect(await optedOut()).toBe(true);
  });

  test('through the sandbox: the vendor keeps its own list, and tells us', async () => {
    const sent = await fetch(`${world.sandbox.url}/_sandbox/sms`, {
      method: 'POST',
      body: JSON.stringify({ from: phone, body: 'STOP', url: `${world.url}${path}` }),
    });
    expect(sent.status).toBe(201);
    await expect.poll(optedOut).toBe(true);
    expect(await ask()).toMatchObject({ status: 409, body: { code: 'phone_opted_out' } });
    world.sandbox.control.receiveSms({ from: phone, body: 'start', url: `${world.url}${path}` });
    await expect.poll(optedOut).toBe(false);
    await wait();
    expect((await ask()).status).toBe(202);
  });
});

describe('preferences', () => {
  const change = (notificationPreferences: object) =>
    world.send(person, '/v1/me', { method: 'PATCH', body: { notificationPreferences } });

  test('everything is on until somebody says otherwise; what is left out stays', async () => {
    const on = { email: true, sms: true };
    expect(await me()).toMatchObject({
      notificationPreferences: { channels: { reminders: on, changes: on, bookings: on }, quietHours: null },
    });
    const first = await change({
      channels: { bookings: { email: false } },
      quietHours: { from: '22:00', to: '07:30' },
    });
    expect(first.status).toBe(200);
    const second = await change({ channels: { bookings: { sms: false }, money: { sms: false } } });
    expect(second.body).toMatchObject({
      notificationPreferences: {
        channels: { bookings: { email: false, sms: false }, money: { email: true, sms: false }, reminders: on },
        quietHours: { from: '22:00', to: '07:30' },
      },
    });
    expect(await me()).toEqual(second.body);
    expect((await change({ quietHours: null })).body).toMatchObject({ notificationPreferences: { quietHours: null } });
  });

  test('locale, zone and preferences are changed by one request', async () => {
    const body = { locale: 'hi-IN', timeZone: 'Asia/Kolkata', notificationPreferences: { quietHours: null } };
    expect((await world.send(person, '/v1/me', { method: 'PATCH', body })).body).toMatchObject({ locale: 'hi-IN' });
  });

  test.each([
    [{ quietHours: { from: '22:00', to: '22:00' } }],
    [{ quietHours: { from: '24:00', to: '07:00' } }],
    [{ quietHours: { from: '22:00' } }],
    [{ channels: { reminders: { in_app: false } } }],
    [{ channels: { everything: { email: false } } }],
    [{ channels: { reminders: { email: 'no' } } }],
  ])('%j is refused', async (preferences) => {
    expect((await change(preferences)).status).toBe(422);
  });
});
