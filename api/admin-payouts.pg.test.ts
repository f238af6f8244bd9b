import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encryptField } from '../db/field-encryption.js';
import { earn, type EarningTherapist, payableOf, therapistPaidIn } from '../db/test-earnings.js';
import { type ApiWorld, createApiWorld } from './test-world.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

const payOut = (currency: string, rail: string, key: string = randomUUID()) =>
  world.post(world.parties.admin, '/v1/admin/payouts', { currency, rail }, key);
const read = (path: string) => world.send(world.parties.admin, `/v1/admin/payouts${path}`);

async function named(name: string, currency: string, grossMinor: number): Promise<EarningTherapist> {
  const therapist = await therapistPaidIn(world.db, currency);
  await world.db
    .updateTable('person')
    .set({ name: encryptField(world.db, 'person.name', therapist.id, name) })
    .where('id', '=', therapist.id)
    .execute();
  await earn(world.db, therapist, grossMinor);
  return therapist;
}

test('a batch is posted and answered while Temporal is away; a repeat gets it again; the relay has it to start', async () => {
  const therapist = await named('Asha Menon', 'EUR', 9_995);
  const first = await payOut('EUR', 'csv', 'k1');
  expect(first).toMatchObject({
    status: 201,
    body: {
      rail: 'csv',
      currency: 'EUR',
      amountMinor: 7_996,
      payouts: { total: 1, pending: 1, sent: 0, failed: 0 },
      items: [{ therapist: { id: therapist.id, name: 'Asha Menon' }, amountMinor: 7_996, status: 'pending' }],
    },
  });
  expect((await payOut('EUR', 'csv', 'k1')).body).toEqual(first.body);
  expect(await payOut('EUR', 'csv')).toMatchObject({ status: 409, body: { code: 'nothing_payable' } });
  expect(await payableOf(world.db, therapist)).toBe(0);
  await world.settled();
  const row = await world.db
    .selectFrom('payoutBatch')
    .where('id', '=', first.body['id'] as string)
    .selectAll()
    .executeTakeFirstOrThrow();
  expect(row).toMatchObject({ createdBy: world.parties.admin.id, nextAttemptAt: expect.any(Date) as Date });
});

test('twenty at once with keys of their own pay once', async () => {
  const therapist = await named('Many', 'SEK', 10_000);
  const answers = await Promise.all(Array.from({ length: 20 }, () => payOut('SEK', 'csv')));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  expect(answers.filter(({ body }) => body['code'] === 'nothing_payable')).toHaveLength(19);
  expect(await payableOf(world.db, therapist)).toBe(0);
});

test('the file for the bank has names, major units and references, and nothing that a spreadsheet carries out', async () => {
  await named('Lindner, Clara', 'KWD', 12_345);
  await named('=cmd|x', 'KWD', 1_000);
  const { body } = await payOut('KWD', 'csv');
  const items = body['items'] as { id: string; reference: string }[];
  const answer = await read(`/${body['id'] as string}.csv`);
  expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8');
  expect(answer.body['text']).toBe(
    [
      'therapist,amount,currency,reference,status',
      `'=cmd|x,0.800,KWD,${items[0]!.reference},pending`,
      `"Lindner, Clara",9.876,KWD,${items[1]!.reference},pending`,
      '',
    ].join('\r\n'),
  );
  expect(items[0]!.reference).toBe(`P${items[0]!.id.replaceAll('-', '').toUpperCase()}`);
});

test('batches are listed, the newest first, page by page, and read one by one', async () => {
  await named('One', 'JPY', 5_000);
  const older = (await payOut('JPY', 'csv')).body;
  await named('Two', 'JPY', 5_001);
  const newer = (await payOut('JPY', 'csv')).body;
  expect(newer).toMatchObject({ amountMinor: 4_001 });
  const { body: page } = await read('?limit=1');
  const { body: next } = await read(`?limit=1&cursor=${page['nextCursor'] as string}`);
  expect(page['items']).toMatchObject([{ id: newer['id'], payouts: { total: 1 } }]);
  expect(next['items']).toMatchObject([{ id: older['id'] }]);
  expect((await read(`/${newer['id'] as string}`)).body).toEqual(newer);
});

test('what names no batch is 404; what is no currency or rail is 422; a key is needed; only admins may', async () => {
  for (const path of [`/${randomUUID()}`, `/${randomUUID()}.csv`, '/x', '/.csv', `/${randomUUID()}.pdf`]) {
    expect((await read(path)).status, path).toBe(404);
  }
  for (const body of [{ currency: 'EURO', rail: 'csv' }, { currency: 'EUR', rail: 'pigeon' }, { rail: 'csv' }]) {
    expect((await world.post(world.parties.admin, '/v1/admin/payouts', body, randomUUID())).status).toBe(422);
  }
  const good = { currency: 'EUR', rail: 'csv' };
  expect(await world.post(world.parties.admin, '/v1/admin/payouts', good)).toMatchObject({
    status: 422,
    body: { code: 'idempotency_key_required' },
  });
  for (const person of [world.parties.client, world.parties.therapist]) {
    expect((await world.post(person, '/v1/admin/payouts', good, randomUUID())).status).toBe(403);
    expect((await world.send(person, '/v1/admin/payouts')).status).toBe(403);
  }
  for (const place of [[], ['a'], [1e300, randomUUID()], [-1, randomUUID()], [8.64e15, randomUUID()]]) {
    const cursor = Buffer.from(JSON.stringify(place)).toString('base64url');
    expect([200, 422]).toContain((await read(`?cursor=${cursor}`)).status);
  }
});
