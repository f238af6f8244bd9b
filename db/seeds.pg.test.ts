import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../tests/setup/database.js';
import { loadSettings, saveSettings } from './availability.js';
import { readContact } from './people.js';
import { openDatabase, type Db } from './database.js';
import { assertChargeable, seed, type SeededSignIns } from './seeds.js';

let database: TestDatabase;
let db: Db;
let signIns: SeededSignIns;

beforeAll(async () => {
  database = await createTestDatabase();
  db = openDatabase(database.url, { maxConnections: 4 });
  signIns = await seed(database.url, { minuteMs: 60_000 });
});

afterAll(async () => {
  await db.destroy();
  await database.drop();
});

function policiesOf(subjects: string[]) {
  return db
    .selectFrom('therapist as t')
    .innerJoin('person as p', 'p.id', 't.id')
    .where('p.subject', 'in', subjects)
    .select(['t.policy', 't.weeklyHours', 't.durationsMinutes'])
    .execute();
}

async function everything() {
  const people = await db.selectFrom('person').selectAll().orderBy('subject').execute();
  const therapists = await db.selectFrom('therapist').selectAll().orderBy('id').execute();
  const accounts = await db.selectFrom('account').selectAll().orderBy('code').execute();
  const entries = await db.selectFrom('ledgerEntry').selectAll().orderBy('id').execute();
  return { people, therapists, accounts, entries };
}

test('everybody named is there, in their role, with an address of their own', async () => {
  const rows = await db.selectFrom('person').select(['id', 'subject', 'role', 'timeZone']).execute();
  const people = await Promise.all(rows.map(async (row) => ({ ...row, ...(await readContact(db, row.id))! })));
  const roles = Object.fromEntries(people.map(({ subject, role }) => [subject, role]));
  expect(roles[signIns.admin]).toBe('admin');
  for (const subject of [...signIns.clients, ...signIns.demoClients]) expect(roles[subject]).toBe('client');
  for (const subject of [...signIns.therapists, ...signIns.demoTherapists]) expect(roles[subject]).toBe('therapist');
  expect(people).toHaveLength(27);
  expect(new Set(people.map(({ phone }) => phone)).size).toBe(27);
  expect(new Set(people.map(({ email }) => email)).size).toBe(27);
  for (const { phone, email, timeZone } of people) {
    expect(phone).toMatch(/^\+1202555\d{4}$/);
    expect(email).toMatch(/@example\.test$/);
    expect(() => new Intl.DateTimeFormat('en', { timeZone })).not.toThrow();
  }
});

test('only the demo therapists run at speed, and they are always open', async () => {
  const demo = await policiesOf(signIns.demoTherapists);
  expect(demo).toHaveLength(10);
  for (const { policy, weeklyHours, durationsMinutes } of demo) {
    expect(policy).toMatchObject({ minuteMs: 500, bufferMinutes: 1, platformFeeBps: 2_000 });
    expect(weeklyHours).toBeNull();
    expect(durationsMinutes).toEqual([30, 60]);
  }
  const ordinary = await policiesOf(signIns.therapists);
  expect(ordinary).toHaveLength(3);
  for (const { policy, weeklyHours } of ordinary) {
    expect(policy).toMatchObject({ minuteMs: 60_000, bufferMinutes: 10 });
    expect(weeklyHours).not.toBeNull();
  }
});

test('one demo therapist is paid by transfers, the others by the bank’s file', async () => {
  const found = await db
    .selectFrom('therapist as t')
    .innerJoin('person as p', 'p.id', 't.id')
    .where('t.stripeAccount', 'is not', null)
    .select(['p.subject', 't.stripeAccount', 't.currency'])
    .execute();
  expect(found).toEqual([{ subject: 'demo-therapist-2', stripeAccount: 'acct_demo_therapist', currency: 'USD' }]);
});

test('wallets are funded through the ledger, and the promotion account is on the other side', async () => {
  const accounts = await db.selectFrom('account').selectAll().execute();
  const wallets = accounts.filter(({ kind }) => kind === 'client_wallet');
  expect(wallets).toHaveLength(13 * 3);
  for (const currency of ['INR', 'USD', 'EUR']) {
    const held = wallets
      .filter((wallet) => wallet.currency === currency)
      .reduce((sum, { balanceMinor }) => sum + balanceMinor, 0);
    const given = accounts.find(({ kind, currency: of }) => kind === 'promotion' && of === currency);
    expect(held).toBeGreaterThan(0);
    expect(given?.balanceMinor).toBe(-held);
  }
  const { sum } = await db
    .selectFrom('ledgerEntry')
    .select((eb) => eb.fn.sum<string>('amountMinor').as('sum'))
    .executeTakeFirstOrThrow();
  expect(Number(sum)).toBe(0);
});

test('a repeat, also two at once, changes nothing', async () => {
  const before = await everything();
  await Promise.all([seed(database.url, { minuteMs: 60_000 }), seed(database.url, { minuteMs: 60_000 })]);
  expect(await everything()).toEqual(before);
});

test('another minute reaches the ordinary therapists only, and what people changed stays', async () => {
  await db.updateTable('person').set({ locale: 'fr-FR' }).where('subject', '=', 'client-1').execute();
  await seed(database.url, { minuteMs: 1_000 });
  for (const { policy } of await policiesOf(signIns.therapists)) expect(policy.minuteMs).toBe(1_000);
  for (const { policy } of await policiesOf(signIns.demoTherapists)) expect(policy.minuteMs).toBe(500);
  const client = await db
    .selectFrom('person')
    .where('subject', '=', 'client-1')
    .select('locale')
    .executeTakeFirstOrThrow();
  expect(client.locale).toBe('fr-FR');
});

test('what a therapist decided about hours, buffers and notice stays, while the rest is seeded anew', async () => {
  const decided = { bufferBeforeMinutes: 7, bufferAfterMinutes: 8, minimumNoticeMinutes: 9 };
  const subject = signIns.therapists[0]!;
  const { id } = await db.selectFrom('person').where('subject', '=', subject).select('id').executeTakeFirstOrThrow();
  const settings = { weeklyHours: {}, exceptions: { '2027-01-01': [] }, ...decided };
  await saveSettings(db, id, settings, () => true);
  await seed(database.url, { minuteMs: 2_000 });
  expect((await loadSettings(db, id))!.settings).toEqual(settings);
  const policies = (await policiesOf(signIns.therapists)).map(({ policy }) => policy);
  expect(policies.map(({ minuteMs }) => minuteMs)).toEqual([2_000, 2_000, 2_000]);
  expect(policies.map(({ bufferMinutes }) => bufferMinutes).toSorted((a, b) => a - b)).toEqual([8, 10, 10]);
});

test('wallets of five currencies can be filled by both methods, and what an operator changed stays', async () => {
  const limits = await db.selectFrom('topUpLimit').selectAll().execute();
  expect(limits).toHaveLength(10);
  expect(new Set(limits.map(({ currency }) => currency))).toEqual(new Set(['INR', 'USD', 'EUR', 'JPY', 'KWD']));
  await db.updateTable('topUpLimit').set({ isEnabled: false, maxMinor: 5 }).where('currency', '=', 'JPY').execute();
  await seed(database.url, { minuteMs: 60_000 });
  const changed = await db.selectFrom('topUpLimit').where('currency', '=', 'JPY').selectAll().execute();
  for (const limit of changed) expect(limit).toMatchObject({ isEnabled: false, maxMinor: 5 });
});

test('a rate that no provider would charge is not seeded', () => {
  const offer = { subject: 'cheap', currency: 'USD', rates: { chat: 50 }, durationsMinutes: [30] };
  expect(() => assertChargeable(offer)).toThrow(/cheap: 30 minutes of chat cost 25 minor units of USD/);
});
