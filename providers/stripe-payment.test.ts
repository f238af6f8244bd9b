import { expect, test } from 'vitest';
import { type IntentFields, toPayment } from './stripe-payment.js';

function intent(over: Partial<IntentFields>): IntentFields {
  return {
    id: 'pi_1',
    status: 'requires_payment_method',
    amount: 5_000,
    amount_received: 0,
    currency: 'eur',
    metadata: { paymentId: 'p-1' },
    latest_charge: null,
    last_payment_error: null,
    ...over,
  };
}
const declined = { code: 'card_declined', decline_code: 'insufficient_funds', type: 'card_error' } as const;

test.each([
  [{ status: 'requires_payment_method' }, 'open'],
  [{ status: 'requires_payment_method', last_payment_error: declined }, 'failed'],
  [{ status: 'requires_confirmation' }, 'open'],
  [{ status: 'requires_action' }, 'requires_action'],
  [{ status: 'processing' }, 'processing'],
  [{ status: 'requires_capture' }, 'authorized'],
  [{ status: 'succeeded' }, 'succeeded'],
  [{ status: 'canceled' }, 'canceled'],
  [{ status: 'of_next_year' as 'processing' }, 'processing'],
] satisfies [Partial<IntentFields>, string][])('%j is %s', (over, status) => {
  expect(toPayment(intent(over)).status).toBe(status);
});

test('money is what arrived once it succeeded, and what is asked before', () => {
  expect(toPayment(intent({ amount_received: 0 })).money).toEqual({ amountMinor: 5_000, currency: 'EUR' });
  const arrived = toPayment(intent({ status: 'succeeded', amount_received: 4_000, latest_charge: 'ch_1' }));
  expect(arrived).toMatchObject({ money: { amountMinor: 4_000 }, chargeRef: 'ch_1', paymentId: 'p-1' });
});

test('the decline code is the failure; an intent without our metadata is not ours', () => {
  const payment = toPayment(intent({ last_payment_error: declined, metadata: {} }));
  expect(payment).toMatchObject({ failureCode: 'insufficient_funds', paymentId: null, chargeRef: null });
});
