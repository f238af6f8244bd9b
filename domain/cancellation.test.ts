import { describe, expect, test } from 'vitest';
import {
  ACTIVATE_BY,
  CLIENT,
  ADMIN,
  makeActivated,
  makePaid,
  makePolicy,
  makeRecord,
  MINUTE,
  START,
  THERAPIST,
} from '../tests/support/records.js';
import { cancellationQuote } from './cancellation.js';

const DAY = 24 * 60 * MINUTE;
const early = { createdAt: START - 10 * DAY };

describe('a client’s cancellation, to the millisecond', () => {
  const record = makeActivated({ ...early, priceMinor: 4_999 });

  test.each([
    ['24 h before', START - DAY, 'free', 0],
    ['a ms later', START - DAY + 1, 'late', 2_500],
    ['a ms before the start', START - 1, 'late', 2_500],
    ['at the start', START, 'after_start', 4_999],
    ['a ms before start + 10 min', ACTIVATE_BY - 1, 'after_start', 4_999],
    ['at start + 10 min, the therapist absent', ACTIVATE_BY, 'therapist_absent', 0],
  ] as const)('%s', (_, at, rule, chargeMinor) => {
    expect(cancellationQuote(record, at, CLIENT.role)).toEqual({
      rule,
      chargeMinor,
      refundMinor: 4_999 - chargeMinor,
      currency: record.currency,
    });
  });

  test('costs nothing while it is not activated, and there is nothing to return while it is unpaid', () => {
    expect(cancellationQuote(makePaid(early), START - 1, CLIENT.role)).toMatchObject({
      rule: 'not_activated',
      chargeMinor: 0,
    });
    expect(cancellationQuote(makeRecord(early), START - 1, CLIENT.role)).toMatchObject({
      rule: 'unpaid',
      chargeMinor: 0,
      refundMinor: 0,
    });
  });
});

test('by the therapist or an admin all comes back, at any time', () => {
  for (const { role } of [THERAPIST, ADMIN]) {
    expect(cancellationQuote(makeActivated(early), START + 1, role)).toMatchObject({ rule: 'by_us', chargeMinor: 0 });
  }
});

test('a late fee leaves a rest that the providers refund: three decimals end in 0, none and two are to the unit', () => {
  const charge = (currency: string, priceMinor: number) =>
    cancellationQuote(makeActivated({ ...early, currency, priceMinor }), START - 1, 'client').chargeMinor;
  expect(charge('KWD', 4_990)).toBe(2_500);
  expect(charge('KWD', 10)).toBe(10);
  expect(charge('JPY', 4_999)).toBe(2_500);
  expect(charge('EUR', 4_999)).toBe(2_500);
});

test('the fee never exceeds the price', () => {
  const policy = makePolicy({ lateCancellationBps: 10_000 });
  expect(
    cancellationQuote(makeActivated({ ...early, currency: 'KWD', priceMinor: 15, policy }), START - 1, 'client')
      .refundMinor,
  ).toBe(0);
});
