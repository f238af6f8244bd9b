import type { Logger } from 'pino';
import { databaseNow } from '../db/clock.js';
import type { Db } from '../db/database.js';
import { recordProviderAnswer, type PaymentNews } from '../db/provider-events.js';
import { noteUnknownObject, openSince, readKnown, type KnownPayment } from '../db/reconcile.js';
import type { ListedPayment } from '../providers/listing-types.js';
import { ProviderError, type PaymentGateway, type ProviderPayment } from '../providers/types.js';
import type { ActivityDependencies } from './dependencies.js';
import { reviewDisputes } from './dispute-review.js';
import type { ReconcileActivities, SweptProvider } from './reconcile-types.js';

/** How far back the sweep looks: as long as Stripe repeats a webhook. */
const LOOK_BACK_MS = 3 * 24 * 3_600_000;
const PAGE = 100;
/** Refs that a report names; the rest is in the inbox. */
const MOST_NAMED = 20;

interface Sweep {
  db: Db;
  gateway: PaymentGateway;
  log: Logger;
  found: SweptProvider;
  seen: Set<string>;
}

function newsOf(payment: ProviderPayment): PaymentNews {
  const { status, providerRef, paymentId, money, chargeRef, failureCode } = payment;
  return { status, providerRef, paymentId, ...money, chargeRef, failureCode };
}

/** Money there that is not here: recorded as its event would have been, charge by charge; the relay sends the signal. */
async function creditCharges(sweep: Sweep, { payment, charges }: ListedPayment, row: KnownPayment): Promise<void> {
  const capturedMinor = charges.reduce((sum, { money }) => sum + money.amountMinor, 0);
  if (capturedMinor <= row.capturedMinor) return;
  let isNew = row.purpose === 'top_up'; // credited by the answer itself; an appointment's waits for its workflow
  for (const { money, chargeRef } of charges) {
    const news = newsOf({ ...payment, status: 'succeeded', money, chargeRef });
    if ((await recordProviderAnswer(sweep.db, news, sweep.gateway.provider)) !== null) isNew = true;
  }
  if (isNew) sweep.found.credited += 1;
}

/** What the provider knows of a try and our row does not. */
function isNewsTo(row: KnownPayment, payment: ProviderPayment): boolean {
  const isOpen = row.status === 'pending' || row.status === 'processing' || row.status === 'failed';
  if (!isOpen || row.failureCode === 'canceled' || row.providerRef !== payment.providerRef) return false;
  switch (payment.status) {
    case 'open':
    case 'succeeded':
      return false;
    case 'failed':
      return row.status !== 'failed';
    case 'canceled':
      return true;
    default:
      return row.status !== 'processing';
  }
}

async function meet(sweep: Sweep, listed: ListedPayment, row: KnownPayment): Promise<void> {
  const { db, gateway, found } = sweep;
  const { payment } = listed;
  if (row.providerRef === null) {
    await recordProviderAnswer(db, newsOf({ ...payment, status: 'open' }), gateway.provider);
    found.adopted += 1;
  }
  if (payment.status === 'authorized') {
    const captured = await gateway.capturePayment(payment.providerRef);
    const { money, chargeRef } = captured;
    const isOurs = captured.status === 'succeeded' && chargeRef !== null;
    const charges = isOurs ? [{ chargeRef, money, refundedMinor: 0 }] : [];
    return creditCharges(sweep, { payment: captured, charges }, row);
  }
  if (listed.charges.length > 0) return creditCharges(sweep, listed, row);
  if (!isNewsTo(row, payment)) return;
  await recordProviderAnswer(db, newsOf(payment), gateway.provider);
  found.finished += 1;
}

/** An object that names a payment of ours which is not there: nobody but a person can say what it is. */
async function noteUnknown(sweep: Sweep, { payment, charges }: ListedPayment): Promise<void> {
  const { db, gateway, found, log } = sweep;
  const { providerRef, paymentId, status, money } = payment;
  const facts = { providerRef, paymentId, status, ...money, chargeRefs: charges.map(({ chargeRef }) => chargeRef) };
  if (await noteUnknownObject(db, gateway.provider, providerRef, facts))
    log.warn({ provider: gateway.provider, ...facts }, 'an object at the provider names a payment that we never had');
  if (found.unknown.length < MOST_NAMED && !found.unknown.includes(providerRef)) found.unknown.push(providerRef);
}

async function sweepPage(sweep: Sweep, page: readonly ListedPayment[]): Promise<void> {
  const rows = await readKnown(
    sweep.db,
    sweep.gateway.provider,
    page.map(({ payment }) => payment),
  );
  for (const listed of page) {
    const { providerRef, paymentId } = listed.payment;
    if (!sweep.seen.has(providerRef)) sweep.found.looked += 1;
    sweep.seen.add(providerRef);
    const row = rows.get(providerRef);
    if (row !== undefined) await meet(sweep, listed, row);
    else if (paymentId !== null) await noteUnknown(sweep, listed); // without our id it is somebody else's
  }
}

/** Our open tries whose object the list did not have: the provider is asked for each. */
async function askForTheRest(sweep: Sweep, since: Date): Promise<void> {
  const { db, gateway, seen, found } = sweep;
  for (let after: string | null = null; ;) {
    const rows: KnownPayment[] = await openSince(db, gateway.provider, { since, after, limit: PAGE });
    for (const row of rows) {
      if (row.providerRef === null || seen.has(row.providerRef)) continue;
      const payment = await fetchOrNull(gateway, row.providerRef);
      if (payment === null) found.missing.push(row.providerRef);
      else await meet(sweep, { payment, charges: chargesOf(payment) }, row);
    }
    after = rows.at(-1)?.id ?? null;
    if (rows.length < PAGE) break;
  }
  found.missing.splice(MOST_NAMED);
}

function chargesOf({ status, chargeRef, money }: ProviderPayment): ListedPayment['charges'] {
  return status === 'succeeded' && chargeRef !== null ? [{ chargeRef, money, refundedMinor: 0 }] : [];
}

async function fetchOrNull(gateway: PaymentGateway, providerRef: string): Promise<ProviderPayment | null> {
  try {
    return await gateway.fetchPayment(providerRef);
  } catch (error) {
    if (error instanceof ProviderError && !error.retryable) return null;
    throw error;
  }
}

async function sweepProvider(
  { db, log }: Pick<ActivityDependencies, 'db' | 'log'>,
  gateway: PaymentGateway,
): Promise<SweptProvider> {
  const found: SweptProvider = {
    provider: gateway.provider,
    unreachable: null,
    looked: 0,
    credited: 0,
    finished: 0,
    adopted: 0,
    unknown: [],
    missing: [],
  };
  const sweep: Sweep = { db, gateway, log, found, seen: new Set() };
  try {
    const since = new Date((await databaseNow(db)) - LOOK_BACK_MS);
    for await (const page of gateway.listPayments(since)) await sweepPage(sweep, page);
    await askForTheRest(sweep, since);
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    found.unreachable = error.code; // the next sweep goes over all of it again
    log.warn({ provider: gateway.provider, error: error.message }, 'the sweep could not ask a provider');
  }
  return found;
}

/** What webhooks failed to tell, found by asking. Everything it does is what the event would have done; repeats change nothing. */
export function createReconcileActivities(
  deps: Pick<ActivityDependencies, 'db' | 'gateways' | 'log'>,
): ReconcileActivities {
  return {
    async reconcilePayments() {
      const { stripe, razorpay } = deps.gateways;
      const providers = [await sweepProvider(deps, stripe), await sweepProvider(deps, razorpay)];
      await reviewDisputes(deps); // after the payments: a dispute counts what has arrived
      return { providers };
    },
  };
}
