import type { Db } from '../db/database.js';
import { fundedSince, readKnown, type KnownPayment } from '../db/reconcile.js';
import { compareMoney, type MoneyDifference, type MoneyThere } from '../domain/reconciliation.js';
import type { ListedPayment } from '../providers/listing-types.js';
import { type PaymentGateway, ProviderError, type ProviderPayment } from '../providers/types.js';

/** Where a provider's object and our row don't agree; minor units. */
export interface PaymentDifference extends MoneyDifference {
  providerRef: string | null;
  paymentId: string | null;
  currency: string;
}

export interface ProviderComparison {
  provider: 'stripe' | 'razorpay';
  /** The error's code when it could not be asked to the end: nothing is said of the rest. */
  unreachable: string | null;
  compared: number;
  differences: PaymentDifference[];
}

const PAGE = 200;
/** Enough to see what is wrong; the first repair is followed by another check. */
const MOST_DIFFERENCES = 200;

function moneyOf({ charges }: ListedPayment): MoneyThere {
  return {
    capturedMinor: charges.reduce((sum, { money }) => sum + money.amountMinor, 0),
    refundedMinor: charges.reduce((sum, { refundedMinor }) => sum + refundedMinor, 0),
  };
}

function differencesOf(listed: ListedPayment, row: KnownPayment | undefined): PaymentDifference[] {
  const { providerRef, paymentId, money } = listed.payment;
  const there = moneyOf(listed);
  if (row === undefined) {
    if (paymentId === null || there.capturedMinor === 0) return []; // somebody else's, or no money
    const sides = { thereMinor: there.capturedMinor, hereMinor: 0 };
    return [{ kind: 'unknown_payment', ...sides, providerRef, paymentId, currency: money.currency }];
  }
  if (row.isOnItsWay) return []; // stored, and its workflow has not come to it yet
  // An object beside the row's own holds nothing of what the row has.
  const isOwn = row.providerRef === null || row.providerRef === providerRef;
  if (!isOwn && there.capturedMinor === 0) return [];
  return compareMoney(there, row).map((difference) => ({
    ...difference,
    providerRef,
    paymentId: row.id,
    currency: money.currency,
  }));
}

/** Money that was funded here for objects that the provider did not list: it is asked for each. */
async function compareUnlisted(
  db: Db,
  gateway: PaymentGateway,
  since: Date,
  seen: ReadonlySet<string>,
): Promise<{ compared: number; differences: PaymentDifference[] }> {
  const differences: PaymentDifference[] = [];
  let compared = 0;
  for (let after: string | null = null; ;) {
    const rows: KnownPayment[] = await fundedSince(db, gateway.provider, { since, after, limit: PAGE });
    for (const row of rows) {
      if (row.providerRef !== null && seen.has(row.providerRef)) continue;
      compared += 1;
      const payment = row.providerRef === null ? null : await fetchOrNull(gateway, row.providerRef);
      const thereMinor = payment?.status === 'succeeded' ? payment.money.amountMinor : 0;
      if (thereMinor === row.capturedMinor) continue;
      const { id: paymentId, providerRef, currency, capturedMinor: hereMinor } = row;
      const kind = thereMinor === 0 ? 'funded_not_captured' : 'captured_differs';
      differences.push({ kind, thereMinor, hereMinor, providerRef, paymentId, currency });
    }
    after = rows.at(-1)?.id ?? null;
    if (rows.length < PAGE) return { compared, differences };
  }
}

async function fetchOrNull(gateway: PaymentGateway, providerRef: string): Promise<ProviderPayment | null> {
  try {
    return await gateway.fetchPayment(providerRef);
  } catch (error) {
    if (error instanceof ProviderError && !error.retryable && error.httpStatus !== 401) return null;
    throw error;
  }
}

/** Compares what a provider captured and refunded since with what we funded and returned. Changes nothing. */
export async function compareProvider(db: Db, gateway: PaymentGateway, since: Date): Promise<ProviderComparison> {
  const { provider } = gateway;
  const comparison: ProviderComparison = { provider, unreachable: null, compared: 0, differences: [] };
  const seen = new Set<string>();
  try {
    for await (const page of gateway.listPayments(since)) {
      const fresh = page.filter(({ payment }) => !seen.has(payment.providerRef));
      const rows = await readKnown(
        db,
        provider,
        fresh.map(({ payment }) => payment),
      );
      for (const listed of fresh) {
        seen.add(listed.payment.providerRef);
        comparison.compared += 1;
        comparison.differences.push(...differencesOf(listed, rows.get(listed.payment.providerRef)));
      }
    }
    const unlisted = await compareUnlisted(db, gateway, since, seen);
    comparison.compared += unlisted.compared;
    comparison.differences.push(...unlisted.differences);
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    comparison.unreachable = error.code;
  }
  comparison.differences.splice(MOST_DIFFERENCES);
  return comparison;
}
