import { z } from '@hono/zod-openapi';
import type { EarningLine } from '../db/earnings.js';
import type { latestPayouts } from '../db/payout-lists.js';
import { PAYOUT_RAILS, PAYOUT_STATUSES } from '../domain/earnings.js';
import { toMajorUnits } from '../domain/major-units.js';
import { toCsv } from './csv.js';
import { amountMinor, currency, id, instant, pageOf } from './schemas.js';

/** Earnings, statements and payouts as a therapist reads them. */

const sums = { currency, grossMinor: amountMinor, feeMinor: amountMinor, netMinor: amountMinor };

export const earningSchema = z
  .object({
    id,
    kind: z.enum(['session', 'reversal']).openapi({ description: 'A reversal’s amounts are below zero.' }),
    appointmentId: id,
    status: z.string(),
    startsAt: instant,
    settledAt: instant,
    ...sums,
    payableAt: instant,
    frozen: z.boolean().openapi({ description: 'A dispute about it is open.' }),
    paidOut: z.boolean().openapi({ description: 'Paid out, or on its way.' }),
    payoutId: id.nullable(),
  })
  .openapi('Earning');

const totalSchema = z
  .object({
    sessions: z.int(),
    ...sums,
    earnedMinor: amountMinor,
    reversedMinor: amountMinor,
    payableNowMinor: amountMinor.openapi({ description: 'Below zero: later earnings repay it.' }),
    notYetPayableMinor: amountMinor,
    frozenMinor: amountMinor,
    paidOutMinor: amountMinor,
  })
  .openapi('EarningsTotal', {
    description: 'Net amounts: earned - reversed = payableNow + notYetPayable + frozen + paidOut.',
  });

const payoutSchema = z
  .object({
    id,
    rail: z.enum(PAYOUT_RAILS),
    status: z.enum(PAYOUT_STATUSES),
    amountMinor,
    currency,
    reference: z.string(),
    createdAt: instant,
    sentAt: instant.nullable(),
  })
  .openapi('Payout');

export const earningsSchema = pageOf(earningSchema)
  .extend({
    totals: z.array(totalSchema),
    payouts: z.array(payoutSchema).openapi({ description: 'The latest hundred, the newest first.' }),
  })
  .openapi('Earnings');

export const statementSchema = z
  .object({
    month: z.string(),
    timeZone: z.string(),
    from: instant,
    to: instant.openapi({ description: 'Not included.' }),
    lines: z.array(earningSchema),
    totals: z.array(z.object({ sessions: z.int(), reversals: z.int(), ...sums })),
  })
  .openapi('EarningsStatement');

/** What a transfer is recognised by at the bank: 33 letters and digits, as many as SEPA's references take (35). */
export const payoutReference = (payoutId: string): string => `P${payoutId.replaceAll('-', '').toUpperCase()}`;

export function presentEarning({ createdAt, startsAt, payableAt, payoutId, kind, ...line }: EarningLine) {
  return {
    ...line,
    kind: kind === 'session' ? kind : ('reversal' as const),
    startsAt: startsAt.toISOString(),
    settledAt: createdAt.toISOString(),
    payableAt: payableAt.toISOString(),
    paidOut: payoutId !== null,
    payoutId,
  };
}

export function presentPayout(payout: Awaited<ReturnType<typeof latestPayouts>>[number]) {
  const { createdAt, sentAt, ...rest } = payout;
  const reference = payoutReference(payout.id);
  return { ...rest, reference, createdAt: createdAt.toISOString(), sentAt: sentAt?.toISOString() ?? null };
}

/** A statement's sums, a line a currency. */
export function sumLines(lines: readonly EarningLine[]) {
  const currencies = [...new Set(lines.map((line) => line.currency))].sort();
  return currencies.map((code) => {
    const own = lines.filter((line) => line.currency === code);
    const sum = (pick: (line: EarningLine) => number) => own.reduce((total, line) => total + pick(line), 0);
    return {
      currency: code,
      sessions: own.filter(({ kind }) => kind === 'session').length,
      reversals: own.filter(({ kind }) => kind === 'reversal').length,
      grossMinor: sum(({ grossMinor }) => grossMinor),
      feeMinor: sum(({ feeMinor }) => feeMinor),
      netMinor: sum(({ netMinor }) => netMinor),
    };
  });
}

/** An instant as the clock on the wall has it: `2026-11-30 23:59`. */
export function localTime(instantOf: Date, timeZone: string): string {
  const options = { timeZone, dateStyle: 'short', timeStyle: 'short', hourCycle: 'h23' } as const;
  return new Intl.DateTimeFormat('sv-SE', options).format(instantOf); // Swedes write ISO 8601
}

/** A statement as a file: local times, amounts in major units. */
export function statementCsv(lines: readonly EarningLine[], timeZone: string): string {
  const header = [
    'settled',
    'session',
    'appointment',
    'kind',
    'currency',
    'gross',
    'fee',
    'net',
    'payable',
    'paid_out',
  ];
  const rows = lines.map((line) => [
    localTime(line.createdAt, timeZone),
    localTime(line.startsAt, timeZone),
    line.appointmentId,
    line.kind,
    line.currency,
    toMajorUnits(line.grossMinor, line.currency),
    toMajorUnits(line.feeMinor, line.currency),
    toMajorUnits(line.netMinor, line.currency),
    localTime(line.payableAt, timeZone),
    line.payoutId === null ? 'no' : 'yes',
  ]);
  return toCsv(header, rows);
}
