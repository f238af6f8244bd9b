import pc from 'picocolors';
import type { AppointmentView, EarningView, Page, TimelineItem } from './api-types.js';
import type { PlayedLife, World } from './demo-life.js';
import { walletIn } from './demo-life.js';
import { checkMoney, type MoneyMoved } from './demo-money.js';
import { checkNotices } from './demo-notices.js';
import { checkCost, checkOutcome, latenessByDeadline } from './demo-outcome.js';
import { nameOf, type Plan } from './demo-plan.js';
import { money } from './format.js';
import { allNotices } from './notices.js';
import { ADMIN } from '../db/seed-people.js';
import { waitFor } from './wait.js';
import type { WorkflowCost, WorkflowCosts } from './workflow-cost.js';

/** What the demo says of one appointment; with --json these are the items of its last line. */
export interface LifeReport extends MoneyMoved, WorkflowCost {
  id: string;
  method: Plan['method'];
  mode: Plan['mode'];
  outcome: string;
  /** Milliseconds by deadline event. */
  lateMs: Record<string, number>;
}

export interface JudgedLife {
  plan: Plan;
  appointment: AppointmentView;
  report: LifeReport;
  /** What isn't as docs/lifecycle.md says; empty when all is well. */
  findings: string[];
}

const NOTICES_WITHIN_MS = 8_000;
const MOST_EARNINGS = 200;

async function readMoney({ outside }: World, { plan, cast, appointment, walletBefore }: PlayedLife) {
  const { id, price, policy } = appointment;
  const { items } = await cast.therapist.get<Page<EarningView>>('/v1/earnings', { limit: MOST_EARNINGS });
  return checkMoney({
    priceMinor: price.amountMinor,
    platformFeeBps: policy.platformFeeBps,
    walletBefore,
    walletAfter: await walletIn(cast.client, price.currency),
    takenMinor: await outside.takenMinor(id),
    expectedTakenMinor: plan.method === 'wallet' ? 0 : price.amountMinor,
    earning: items.find(({ appointmentId }) => appointmentId === id) ?? null,
  });
}

async function noticeFindings({ outside }: World, { plan, cast, appointment }: PlayedLife): Promise<string[]> {
  const { id } = appointment;
  const [client, therapist, admin] = await Promise.all([
    allNotices(outside, plan.client, cast.client, id),
    allNotices(outside, plan.therapist, cast.therapist, id),
    allNotices(outside, ADMIN, cast.admin, id),
  ]);
  return [...checkNotices('client', client), ...checkNotices('therapist', therapist), ...checkNotices('admin', admin)];
}

/** The relay takes a moment: looks until every notice is there, or says what is wrong with them. */
async function settledNoticeFindings(world: World, life: PlayedLife): Promise<string[]> {
  let findings: string[] = [];
  const complete = async (): Promise<boolean> => (findings = await noticeFindings(world, life)).length === 0;
  await waitFor('every notice', NOTICES_WITHIN_MS, complete).catch(() => undefined);
  return findings;
}

/** Reads what a played life left behind and compares it with docs/lifecycle.md. */
export async function judgeLife(world: World, costs: WorkflowCosts, life: PlayedLife): Promise<JudgedLife> {
  const { plan, appointment, timeline } = life;
  const [{ moved, findings: moneyFindings }, notices, cost] = await Promise.all([
    readMoney(world, life),
    settledNoticeFindings(world, life),
    costs.of(appointment.id),
  ]);
  const { method, mode } = plan;
  const outcome = `${appointment.status} (${appointment.outcome?.reason ?? '-'})`;
  const report = { id: appointment.id, method, mode, outcome, ...cost, lateMs: latenessByDeadline(timeline), ...moved };
  const findings = [...checkOutcome(plan, appointment, timeline), ...moneyFindings, ...notices, ...checkCost(cost)];
  return { plan, appointment, report, findings };
}

/** One line a life, and one below it for each thing that is wrong. */
export function lifeLines({ plan, appointment, report, findings }: JudgedLife): string[] {
  const { currency } = appointment.price;
  const { clientDebitMinor, therapistCreditMinor, feeMinor, events, workflowTasks, lateMs } = report;
  const moved = `${money(clientDebitMinor, currency)} = ${money(therapistCreditMinor, currency)} + fee ${money(feeMinor, currency)}`;
  const late = Object.entries(lateMs).map(([event, ms]) => `${event} +${ms} ms`);
  const mark = findings.length === 0 ? pc.green('ok') : pc.red('!!');
  const line = `${mark} ${nameOf(plan).padEnd(14)} ${report.outcome}, ${moved}, ${events} events, ${workflowTasks} tasks, ${late.join(', ')}`;
  return [line, ...findings.map((finding) => `   ${pc.red(finding)}`)];
}

/** A timeline entry of one of several lives. */
export function eventLine(plan: Plan, line: (item: TimelineItem) => string, item: TimelineItem): string {
  return `${pc.dim(nameOf(plan).padEnd(14))} ${line(item)}`;
}
