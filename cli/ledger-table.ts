import pc from 'picocolors';
import { toMajorUnits } from '../domain/major-units.js';
import type { LedgerEntryView, LedgerView } from './api-types.js';
import { table } from './format.js';

/** Sums of all entries, or of those of one kind of account, by currency; integer minor units. */
export function sumsByCurrency(ledger: LedgerView, accountKind?: string): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { entries } of ledger.transactions) {
    for (const entry of entries) {
      if (accountKind !== undefined && entry.accountKind !== accountKind) continue;
      sums.set(entry.currency, (sums.get(entry.currency) ?? 0) + entry.amountMinor);
    }
  }
  return sums;
}

/**
 * The ledger of one appointment: a row an entry, the transaction named once, amounts in major units by the currency's
 * decimals, and at the end the sum of every currency, which must be zero.
 * @param names of the accounts' owners, by id; one that is missing is shown as its id
 */
export function ledgerTable(ledger: LedgerView, names: ReadonlyMap<string, string>): string {
  const amounts = ledger.transactions.flatMap(({ entries }) => entries.map(amountOf));
  const sums = [...sumsByCurrency(ledger)];
  const sumTexts = sums.map(([currency, sum]) => toMajorUnits(sum, currency));
  const width = Math.max(0, ...[...amounts, ...sumTexts].map((text) => text.length));
  const accountOf = ({ accountKind, ownerId }: LedgerEntryView): string =>
    ownerId === null ? accountKind : `${accountKind} of ${names.get(ownerId) ?? ownerId}`;
  const rows = ledger.transactions.flatMap(({ kind, entries }) => {
    if (entries.length === 0) return [[kind, pc.dim('(nothing moved)'), '', '']];
    return entries.map((entry, index) => [
      index === 0 ? kind : '',
      accountOf(entry),
      amountOf(entry).padStart(width),
      entry.currency,
    ]);
  });
  const sumRows = sums.map(([currency, sum], index) => {
    const text = (sumTexts[index] ?? '').padStart(width);
    return [pc.bold('sum'), '', sum === 0 ? pc.green(text) : pc.red(text), currency];
  });
  return table(['TRANSACTION', 'ACCOUNT', 'AMOUNT'.padStart(width), ''], [...rows, ...sumRows]);
}

const amountOf = ({ amountMinor, currency }: LedgerEntryView): string => toMajorUnits(amountMinor, currency);
