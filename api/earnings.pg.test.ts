import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reverseEarning } from '../db/earning-entries.js';
import { earn, type EarningTherapist, payableOf, therapistPaidIn } from '../db/test-earnings.js';
import { type ApiWorld, createApiWorld } from './test-world.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

const get = async (person: EarningTherapist, path: string) => (await world.send(person, path)).body;

async function livesIn(currency: string, timeZone: string): Promise<EarningTherapist> {
  const therapist = await therapistPaidIn(world.db, currency);
  await world.db.updateTable('person').set({ timeZone }).where('id', '=', therapist.id).execute();
  return therapist;
}

/** A session of 10.00 (or so) that was settled at this instant. */
async function earnedAt(therapist: EarningTherapist, at: string, grossMinor = 1_000): Promise<string> {
  const appointmentId = await earn(world.db, therapist, grossMinor);
  const createdAt = new Date(at);
  await world.db.updateTable('earningEntry').set({ createdAt }).where('appointmentId', '=', appointmentId).execute();
  return appointmentId;
}

function reverse(appointmentId: string, amountMinor: number) {
  return world.db.transaction().execute((trx) => reverseEarning(trx, { appointmentId, amountMinor }));
}

describe('earnings', () => {
  test('are lines of sessions and reversals, page by page, with the totals of all', async () => {
    const therapist = await therapistPaidIn(world.db, 'EUR');
    const first = await earn(world.db, therapist, 10_000);
    const later = await earn(world.db, therapist, 5_000, { payable: false });
    await reverse(first, 2_500);
    const all = await get(therapist, '/v1/earnings');
    expect(all).toMatchObject({
      items: [
        { kind: 'reversal', appointmentId: first, grossMinor: -2_500, feeMinor: -500, netMinor: -2_000 },
        { kind: 'session', appointmentId: later, netMinor: 4_000, paidOut: false, payoutId: null, frozen: false },
        { kind: 'session', appointmentId: first, grossMinor: 10_000, feeMinor: 2_000, netMinor: 8_000 },
      ],
      totals: [
        {
          currency: 'EUR',
          sessions: 2,
          grossMinor: 12_500,
          feeMinor: 2_500,
          netMinor: 10_000,
          earnedMinor: 12_000,
          reversedMinor: 2_000,
          payableNowMinor: 6_000,
          notYetPayableMinor: 4_000,
          frozenMinor: 0,
          paidOutMinor: 0,
        },
      ],
      payouts: [],
      nextCursor: null,
    });
    const [one] = (await get(therapist, '/v1/earnings?limit=1'))['items'] as object[];
    const { nextCursor } = (await get(therapist, '/v1/earnings?limit=1')) as { nextCursor: string };
    const rest = (await get(therapist, `/v1/earnings?cursor=${nextCursor}`))['items'] as object[];
    expect([one, ...rest]).toEqual(all['items']);
    const payable = (all['items'] as { payableAt: string; settledAt: string }[])[1]!;
    expect(Date.parse(payable.payableAt) - Date.parse(payable.settledAt)).toBeCloseTo(7 * 86_400_000, -3);
  });

  test('show a payout from the batch on, and by whom nobody else sees it', async () => {
    const therapist = await therapistPaidIn(world.db, 'CHF');
    const appointmentId = await earn(world.db, therapist, 10_000);
    const batch = await world.post(world.parties.admin, '/v1/admin/payouts', { currency: 'CHF', rail: 'csv' }, 'chf');
    expect(batch.status).toBe(201);
    const seen = await get(therapist, '/v1/earnings');
    const payouts = seen['payouts'] as { id: string; reference: string }[];
    expect(payouts).toMatchObject([
      { rail: 'csv', status: 'pending', amountMinor: 8_000, currency: 'CHF', sentAt: null },
    ]);
    expect(payouts[0]!.reference).toMatch(/^P[0-9A-F]{32}$/);
    expect(seen).toMatchObject({
      items: [{ appointmentId, paidOut: true, payoutId: payouts[0]!.id }],
      totals: [{ payableNowMinor: 0, paidOutMinor: 8_000 }],
    });
    expect(await payableOf(world.db, therapist)).toBe(0);
    const other = await therapistPaidIn(world.db, 'CHF');
    expect(await get(other, '/v1/earnings')).toMatchObject({ items: [], totals: [], payouts: [] });
  });
});

describe('a statement', () => {
  test.each([
    [
      'Asia/Kolkata',
      '2026-10-31T18:29:59.999Z',
      '2026-10-31T18:30:00Z',
      '2026-11-30T18:29:59Z',
      '2026-11-30T18:30:00Z',
    ],
    [
      'America/New_York',
      '2026-11-01T03:59:59Z',
      '2026-11-01T04:00:00Z',
      '2026-12-01T04:59:59Z',
      '2026-12-01T05:00:00Z',
    ],
    ['Etc/UTC', '2026-10-31T23:59:59Z', '2026-11-01T00:00:00Z', '2026-11-30T23:59:59Z', '2026-12-01T00:00:00Z'],
  ])('of a month in %s starts and ends at its midnights', async (timeZone, before, first, last, after) => {
    const therapist = await livesIn('EUR', timeZone);
    const ids = [];
    for (const at of [before, first, last, after]) ids.push(await earnedAt(therapist, at));
    const months = await Promise.all(
      ['10', '11', '12'].map((month) => get(therapist, `/v1/earnings/statements/2026-${month}`)),
    );
    const lines = months.map((body) =>
      (body['lines'] as { appointmentId: string }[]).map((line) => line.appointmentId),
    );
    expect(lines).toEqual([[ids[0]], [ids[1], ids[2]], [ids[3]]]);
    expect(months[1]).toMatchObject({
      month: '2026-11',
      timeZone,
      from: new Date(first).toISOString(),
      to: new Date(after).toISOString(),
      totals: [{ currency: 'EUR', sessions: 2, reversals: 0, grossMinor: 2_000, feeMinor: 400, netMinor: 1_600 }],
    });
  });

  test('has a reversal in the month in which it was made, sums a currency each, and is empty for a month of nothing', async () => {
    const therapist = await livesIn('EUR', 'Europe/Berlin');
    const appointmentId = await earnedAt(therapist, '2026-09-15T10:00:00Z', 9_999);
    await reverse(appointmentId, 3_333);
    await world.db
      .updateTable('earningEntry')
      .set({ createdAt: new Date('2026-10-01T10:00:00Z') })
      .where('appointmentId', '=', appointmentId)
      .where('kind', '=', 'reversal')
      .execute();
    await world.db.updateTable('therapist').set({ currency: 'JPY' }).where('id', '=', therapist.id).execute();
    await earnedAt({ ...therapist, currency: 'JPY' }, '2026-10-02T10:00:00Z', 500);
    expect((await get(therapist, '/v1/earnings/statements/2026-09'))['totals']).toMatchObject([
      { currency: 'EUR', sessions: 1, grossMinor: 9_999 },
    ]);
    expect((await get(therapist, '/v1/earnings/statements/2026-10'))['totals']).toEqual([
      { currency: 'EUR', sessions: 0, reversals: 1, grossMinor: -3_333, feeMinor: -667, netMinor: -2_666 },
      { currency: 'JPY', sessions: 1, reversals: 0, grossMinor: 500, feeMinor: 100, netMinor: 400 },
    ]);
    expect(await get(therapist, '/v1/earnings/statements/2031-01')).toMatchObject({ lines: [], totals: [] });
  });

  test('is a CSV file with local times and major units when asked for', async () => {
    const therapist = await livesIn('KWD', 'Asia/Kuwait');
    const appointmentId = await earnedAt(therapist, '2026-10-31T21:30:00Z', 12_345);
    const answer = await world.send(therapist, '/v1/earnings/statements/2026-11?format=csv');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="earnings-2026-11.csv"');
    const rows = String(answer.body['text']).split('\r\n');
    expect(rows).toHaveLength(3);
    expect(rows[0]).toBe('settled,session,appointment,kind,currency,gross,fee,net,payable,paid_out');
    expect(rows[1]).toMatch(/^2026-11-01 00:30,\d{4}-\d\d-\d\d \d\d:\d\d,/);
    expect(rows[1]).toContain(`,${appointmentId},session,KWD,12.345,2.469,9.876,`);
    expect(rows[1]!.endsWith(',no')).toBe(true);
  });

  test.each(['2026-13', '2026-00', '26-11', '2026-11-01', '1999-12', 'x', '2026-1%27'])(
    'there is no month %s',
    async (month) => {
      const therapist = await therapistPaidIn(world.db, 'EUR');
      expect(await world.send(therapist, `/v1/earnings/statements/${month}`)).toMatchObject({
        status: 422,
        body: { code: 'invalid_request', errors: [{ field: 'path.month' }] },
      });
    },
  );

  test('is for therapists', async () => {
    for (const person of [world.parties.client, world.parties.admin]) {
      expect((await world.send(person, '/v1/earnings/statements/2026-11')).status).toBe(403);
    }
  });
});
