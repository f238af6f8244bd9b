import type { AppointmentView, EarningView, LedgerView, WalletView } from './api-types.js';
import { expectedBalances, expectedMoney, type ExpectedMoney } from './demo-money-expected.js';
import type { MoneyPlan } from './demo-money-plan.js';
import { sumsByCurrency } from './ledger-table.js';

/** What is read of a life's money once it lies still; integer minor units. */
export interface MoneyFacts {
  appointment: AppointmentView;
  ledger: LedgerView;
  walletBefore: Pick<WalletView, 'balanceMinor' | 'heldMinor'>;
  walletAfter: Pick<WalletView, 'balanceMinor' | 'heldMinor'>;
  /** What the vendor's own object says it took, and gave back. */
  takenMinor: number;
  returnedMinor: number;
  /** The therapist's lines of this appointment: the session's and its reversals. */
  earnings: Pick<EarningView, 'netMinor' | 'feeMinor'>[];
}

type Fact = [what: string, found: unknown, wanted: unknown];

const total = (amounts: readonly number[]): number => amounts.reduce((sum, amount) => sum + amount, 0);
const endOf = ({ status, outcome }: AppointmentView): string =>
  outcome === null ? status : `${status} (${outcome.reason}) by ${outcome.by}`;

function lifeFacts({ method }: MoneyPlan, appointment: AppointmentView, expected: ExpectedMoney): Fact[] {
  const { hold, payment, startsAt, endsAt, durationMinutes, policy } = appointment;
  const minutes = durationMinutes + expected.extraMinutes;
  const facts: Fact[] = [
    ['outcome', endOf(appointment), expected.outcome],
    ['payment', payment && `${payment.method} ${payment.status}`, `${method} ${expected.payment}`],
    ['hold', hold, expected.hold],
    ['length in minutes', (Date.parse(endsAt) - Date.parse(startsAt)) / policy.minuteMs, minutes],
  ];
  if (expected.extraMinutes > 0) facts.push(['the end was at', appointment.outcome?.at, endsAt]);
  return facts;
}

function ledgerFacts({ method }: MoneyPlan, { appointment, ledger }: MoneyFacts, expected: ExpectedMoney): Fact[] {
  const { price, policy, client, therapist } = appointment;
  const { currency, amountMinor: priceMinor } = price;
  const balances = expectedBalances(expected, { priceMinor, platformFeeBps: policy.platformFeeBps, method });
  const entries = ledger.transactions.flatMap((transaction) => transaction.entries);
  const kinds = [...new Set([...Object.keys(balances), ...entries.map(({ accountKind }) => accountKind)])];
  const owners = new Map([
    ['client_wallet', client.id],
    ['therapist_payable', therapist.id],
  ]);
  const strange = entries.filter((entry) => {
    return entry.currency !== currency || entry.ownerId !== (owners.get(entry.accountKind) ?? null);
  });
  const kindsPosted = ledger.transactions.map(({ kind }) => kind).join(', ');
  return [
    ['transactions', kindsPosted, expected.transactions.join(', ')],
    ['the ledger’s sum', total([...sumsByCurrency(ledger).values()]), 0],
    ['entries in accounts of others', strange.length, 0],
    ...kinds.map((kind): Fact => [
      `balance of ${kind}`,
      sumsByCurrency(ledger, kind).get(currency) ?? 0,
      balances[kind] ?? 0,
    ]),
  ];
}

const refundText = (refunds: readonly { amountMinor: number; to: string; status: string }[]): string =>
  refunds.map(({ amountMinor, to, status }) => `${amountMinor} to ${to} ${status}`).join(', ') || 'none';

function outsideFacts({ method }: MoneyPlan, facts: MoneyFacts, expected: ExpectedMoney): Fact[] {
  const { appointment, ledger, walletBefore, walletAfter, takenMinor, returnedMinor, earnings } = facts;
  const { price, policy } = appointment;
  const priceMinor = price.amountMinor;
  const balances = expectedBalances(expected, { priceMinor, platformFeeBps: policy.platformFeeBps, method });
  const refunds = refundText(
    expected.refundsMinor.map((amountMinor) => ({ amountMinor, to: 'source', status: 'completed' })),
  );
  return [
    ['the provider took', takenMinor, method === 'wallet' ? 0 : priceMinor],
    ['the provider gave back', returnedMinor, total(expected.refundsMinor)],
    ['refunds', refundText(ledger.refunds), refunds],
    ['refunds the client sees', refundText(appointment.refunds), refunds],
    ['the wallet changed by', walletAfter.balanceMinor - walletBefore.balanceMinor, balances['client_wallet']],
    // Less is right: an earlier life that was broken off may have let go of its hold meanwhile.
    ['held on the wallet', walletAfter.heldMinor, Math.min(walletAfter.heldMinor, walletBefore.heldMinor)],
    ['the therapist earned', total(earnings.map(({ netMinor }) => netMinor)), balances['therapist_payable']],
    ['the fee of the earnings', total(earnings.map(({ feeMinor }) => feeMinor)), balances['platform_fee']],
  ];
}

/** Every way in which a life isn't what docs/lifecycle.md and docs/money.md say. */
export function checkMoneyLife(plan: MoneyPlan, facts: MoneyFacts): string[] {
  const { price, policy } = facts.appointment;
  const terms = { priceMinor: price.amountMinor, lateCancellationBps: policy.lateCancellationBps };
  const expected = expectedMoney(plan.name, terms);
  const all = [
    ...lifeFacts(plan, facts.appointment, expected),
    ...ledgerFacts(plan, facts, expected),
    ...outsideFacts(plan, facts, expected),
  ];
  return all
    .filter(([, found, wanted]) => found !== wanted)
    .map(([what, found, wanted]) => `${what}: ${String(found)}, not ${String(wanted)}`);
}
