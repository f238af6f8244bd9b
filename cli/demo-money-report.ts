import pc from 'picocolors';
import type { EarningView, LedgerView, Page } from './api-types.js';
import { walletIn, type World } from './demo-life.js';
import { checkMoneyLife, type MoneyFacts } from './demo-money-check.js';
import type { PlayedMoneyLife } from './demo-money-lives.js';
import type { MoneyPlan } from './demo-money-plan.js';
import { ledgerTable, sumsByCurrency } from './ledger-table.js';

/** What the demo says of one life; with --json these are the items of its last line. Integer minor units. */
export interface MoneyLifeReport {
  id: string | null;
  name: MoneyPlan['name'];
  method: MoneyPlan['method'];
  /** `status (reason)`, or `failed` for one that did not come to its end. */
  outcome: string;
  currency: string | null;
  priceMinor: number;
  takenMinor: number;
  returnedMinor: number;
  therapistCreditMinor: number;
  feeMinor: number;
  /** Kinds of the ledger's transactions, in their order. */
  transactions: string[];
  /** Of all entries; zero. */
  ledgerSumMinor: number;
  findings: string[];
}

/** A life with what was found of it. */
export interface JudgedMoneyLife {
  plan: MoneyPlan;
  report: MoneyLifeReport;
  /** The ledger as a table; empty for a life that did not come to its end. */
  table: string;
  /** Payments that stand behind its postings. */
  paymentIds: string[];
}

const MOST_EARNINGS = 200;

async function readFacts({ outside }: World, life: PlayedMoneyLife): Promise<MoneyFacts> {
  const { cast, appointment, ledger, walletBefore } = life;
  const { id, price } = appointment;
  const [walletAfter, takenMinor, returnedMinor, earnings] = await Promise.all([
    walletIn(cast.client, price.currency),
    outside.takenMinor(id),
    outside.returnedMinor(id),
    cast.therapist.get<Page<EarningView>>('/v1/earnings', { limit: MOST_EARNINGS }),
  ]);
  const own = earnings.items.filter(({ appointmentId }) => appointmentId === id);
  return { appointment, ledger, walletBefore, walletAfter, takenMinor, returnedMinor, earnings: own };
}

const sumOf = (ledger: LedgerView, kind?: string): number =>
  [...sumsByCurrency(ledger, kind).values()].reduce((sum, amount) => sum + amount, 0);

/** Reads what a life left behind, at us and at the vendor, and compares it with docs/money.md. */
export async function judgeMoneyLife(world: World, life: PlayedMoneyLife): Promise<JudgedMoneyLife> {
  const { plan, appointment, ledger } = life;
  const facts = await readFacts(world, life);
  const { client, therapist } = appointment;
  const names = new Map([client, therapist].map(({ id, name }) => [id, name]));
  const report: MoneyLifeReport = {
    id: appointment.id,
    name: plan.name,
    method: plan.method,
    outcome: `${appointment.status} (${appointment.outcome?.reason ?? '-'})`,
    currency: appointment.price.currency,
    priceMinor: appointment.price.amountMinor,
    takenMinor: facts.takenMinor,
    returnedMinor: facts.returnedMinor,
    therapistCreditMinor: sumOf(ledger, 'therapist_payable'),
    feeMinor: sumOf(ledger, 'platform_fee'),
    transactions: ledger.transactions.map(({ kind }) => kind),
    ledgerSumMinor: sumOf(ledger),
    findings: checkMoneyLife(plan, facts),
  };
  const paymentIds = ledger.transactions.flatMap(({ paymentId }) => paymentId ?? []);
  return { plan, report, table: ledgerTable(ledger, names), paymentIds };
}

/** The same for a life that broke off on the way, with the sentence that says why. */
export function brokenMoneyLife(plan: MoneyPlan, why: string): JudgedMoneyLife {
  const nothing = { takenMinor: 0, returnedMinor: 0, therapistCreditMinor: 0, feeMinor: 0, ledgerSumMinor: 0 };
  const { name, method } = plan;
  const of = { id: null, name, method, outcome: 'failed', currency: null, priceMinor: 0 };
  return { plan, report: { ...of, ...nothing, transactions: [], findings: [why] }, table: '', paymentIds: [] };
}

/** What a life is about, its ledger, and what is wrong with it. */
export function moneyLifeLines({ plan, report, table }: JudgedMoneyLife): string[] {
  const { name, about } = plan;
  const mark = report.findings.length === 0 ? pc.green('ok') : pc.red('!!');
  return [
    `${mark} ${pc.bold(name)} (${report.method}): ${about}`,
    `   ${report.outcome}${report.id === null ? '' : `, appointment ${report.id}`}`,
    ...(table === '' ? [] : table.split('\n').map((line) => `   ${line}`)),
    ...report.findings.map((finding) => `   ${pc.red(finding)}`),
    '',
  ];
}
