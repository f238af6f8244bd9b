import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareMoney } from './reconciliation.js';

const here = (capturedMinor: number, refundedMinor = 0, refundingMinor = 0) => ({
  capturedMinor,
  refundedMinor,
  refundingMinor,
});

test.each([
  ['nothing on either side', 0, 0, here(0), []],
  ['the same on both', 500, 200, here(500, 200), []],
  ['a refund under way that the provider has', 500, 200, here(500, 0, 200), []],
  ['a refund under way that it does not have yet', 500, 0, here(500, 0, 200), []],
  ['money there alone', 500, 0, here(0), ['captured_not_funded']],
  ['money here alone', 0, 0, here(500), ['funded_not_captured']],
  ['more there', 1_000, 0, here(500), ['captured_differs']],
  ['a refund made by hand there', 500, 100, here(500), ['refunded_differs']],
  ['a refund that only we know', 500, 0, here(500, 100), ['refunded_differs']],
  ['both', 1_000, 100, here(500), ['captured_differs', 'refunded_differs']],
])('%s', (_what, capturedMinor, refundedMinor, ours, kinds) => {
  expect(compareMoney({ capturedMinor, refundedMinor }, ours).map(({ kind }) => kind)).toEqual(kinds);
});

test('whatever is reported has two sides that differ, and equal sums are never reported', () => {
  const minor = fc.nat({ max: 1_000 });
  fc.assert(
    fc.property(minor, minor, minor, minor, (captured, refunded, otherCaptured, otherRefunded) => {
      const there = { capturedMinor: captured, refundedMinor: refunded };
      for (const { thereMinor, hereMinor } of compareMoney(there, here(otherCaptured, otherRefunded)))
        expect(thereMinor).not.toBe(hereMinor);
      expect(compareMoney(there, here(captured, refunded))).toEqual([]);
    }),
  );
});
