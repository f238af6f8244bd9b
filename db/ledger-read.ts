import type { AccountKind } from './accounts.js';
import type { Db, Trx } from './database.js';
import type { TransactionKind } from './ledger.js';

/** One line of a posted transaction. */
export interface LedgerLine {
  account: string;
  accountKind: AccountKind;
  ownerId: string | null;
  /** Signed integer minor units: what we owe grows with +, what we own with -. */
  amountMinor: number;
  currency: string;
}

export interface PostedTransaction {
  id: string;
  kind: TransactionKind;
  idempotencyKey: string;
  paymentId: string | null;
  at: Date;
  entries: LedgerLine[];
}

/** Everything the ledger says of one appointment, as of one snapshot. */
export interface AppointmentLedger {
  /** In the order in which they were posted; those of its payments are among them. */
  transactions: PostedTransaction[];
  refunds: Awaited<ReturnType<typeof refundsOf>>;
  disputes: Awaited<ReturnType<typeof disputesOf>>;
}

/** Payments of the appointment, for a subquery: money may be posted by its payment alone. */
function paymentsOf(db: Db, appointmentId: string) {
  return db.selectFrom('payment').where('appointmentId', '=', appointmentId).select('payment.id');
}

function linesOf(db: Db, appointmentId: string) {
  return db
    .selectFrom('ledgerTransaction as x')
    .leftJoin('ledgerEntry as e', 'e.transactionId', 'x.id')
    .leftJoin('account as a', 'a.code', 'e.account')
    .where((eb) =>
      eb.or([eb('x.appointmentId', '=', appointmentId), eb('x.paymentId', 'in', paymentsOf(db, appointmentId))]),
    )
    .select(['x.id', 'x.kind', 'x.idempotencyKey', 'x.paymentId', 'x.at'])
    .select(['e.account', 'a.kind as accountKind', 'a.ownerId', 'e.amountMinor', 'e.currency'])
    .orderBy('x.id')
    .orderBy('e.id')
    .execute();
}

function refundsOf(db: Db, appointmentId: string) {
  return db
    .selectFrom('refund')
    .where('appointmentId', '=', appointmentId)
    .select(['id', 'paymentId', 'amountMinor', 'currency', 'destination as to', 'status', 'reason'])
    .select(['providerRef', 'failureCode', 'requestedByRole as requestedBy', 'createdAt', 'completedAt'])
    .orderBy('id')
    .execute();
}

function disputesOf(db: Db, appointmentId: string) {
  return db
    .selectFrom('dispute')
    .where('paymentId', 'in', paymentsOf(db, appointmentId))
    .select(['id', 'paymentId', 'provider', 'providerRef', 'amountMinor', 'currency', 'status', 'reason'])
    .select(['countedMinor', 'evidenceDueAt', 'openedAt', 'closedAt'])
    .orderBy('id')
    .execute();
}

/** A transaction whose lines were all zero has none: it was posted and stands for "nothing moved". */
function group(lines: Awaited<ReturnType<typeof linesOf>>): PostedTransaction[] {
  const found = new Map<string, PostedTransaction>();
  for (const { id, kind, idempotencyKey, paymentId, at, account, accountKind, ownerId, ...amount } of lines) {
    const transaction = found.get(id) ?? {
      id,
      kind: kind as TransactionKind,
      idempotencyKey,
      paymentId,
      at,
      entries: [],
    };
    found.set(id, transaction);
    const { amountMinor, currency } = amount;
    if (account === null || amountMinor === null || currency === null) continue;
    transaction.entries.push({ account, accountKind: accountKind as AccountKind, ownerId, amountMinor, currency });
  }
  return [...found.values()];
}

/** Transactions with their entries, refunds and disputes of one appointment, from one snapshot. */
export function readAppointmentLedger(db: Db, appointmentId: string): Promise<AppointmentLedger> {
  const read = async (trx: Trx): Promise<AppointmentLedger> => ({
    transactions: group(await linesOf(trx, appointmentId)),
    refunds: await refundsOf(trx, appointmentId),
    disputes: await disputesOf(trx, appointmentId),
  });
  return db.transaction().setIsolationLevel('repeatable read').setAccessMode('read only').execute(read);
}
