import { sql } from 'kysely';
import type { Db } from '../../db/database.js';
import { type CheckName, countHarms, type Verdict } from './checker.js';
import type { Evidence } from './evidence.js';
import { groupBy } from './finding.js';
import { killsWanted, VICTIMS } from './plan.js';
import type { RunRecord } from './run.js';
import type { ChaosStack } from './stack.js';

/** So many lives were under way at each kill. */
export interface KillsInside {
  total: number;
  inside: number;
  medianOpen: number;
}

/** Counts, by the rows' own times, the lives that were under way as each kill came. */
export async function killsInside(db: Db, blows: readonly { at: number }[]): Promise<KillsInside> {
  const rows = await db
    .selectFrom('appointment')
    .select([
      sql<number>`extract(epoch from created_at) * 1000`.as('from'),
      sql<number | null>`extract(epoch from outcome_at) * 1000`.as('to'),
    ])
    .execute();
  const lives = rows.map(({ from, to }) => ({ from: Number(from), to: to === null ? Infinity : Number(to) }));
  const open = blows
    .map(({ at }) => lives.filter(({ from, to }) => from <= at && at < to).length)
    .toSorted((one, other) => one - other);
  return {
    total: blows.length,
    inside: open.filter((count) => count > 0).length,
    medianOpen: open[Math.floor(open.length / 2)] ?? 0,
  };
}

function tally(items: Iterable<string>): string {
  const counts = [...groupBy(items, (item) => item)].map(([name, all]) => [name, all.length] as const);
  return counts
    .toSorted(([, one], [, other]) => other - one)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}

const AFTER_KILL_MS = 3_000;

/** How long people waited who asked within three seconds after a kill, by what was killed. */
function waitLines({ mayhem, desk }: RunRecord): string[] {
  const waits = desk.deeds.flatMap(({ act, askedAt, answers }) => {
    if (answers.length === 0) return [];
    const blow = mayhem.blows.findLast(({ at }) => at <= askedAt && askedAt < at + AFTER_KILL_MS);
    const victim = blow?.victim.replace(/-\d$/, '') ?? 'nothing';
    return [{ after: `${victim}, ${act === 'book' ? 'bookings' : 'all else'}`, ms: answers[0]!.at - askedAt }];
  });
  const lines = [...groupBy(waits, ({ after }) => after)].map(([after, group]) => {
    const sorted = group.map(({ ms }) => ms).toSorted((one, other) => one - other);
    const share = (part: number) => seconds(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!);
    return `  ${after}: p50 ${share(0.5)}, p90 ${share(0.9)}, max ${seconds(sorted.at(-1)!)} of ${sorted.length}`;
  });
  return ['answered, when asked within 3 s after a kill of:', ...lines.toSorted()];
}

const seconds = (ms: number | null): string => (ms === null ? 'never' : `${(ms / 1_000).toFixed(1)} s`);

/** What the kills and the people did. */
export function runLines(record: RunRecord, evidence: Evidence, kills: KillsInside, stack: ChaosStack): string[] {
  const { desk, mayhem, plans, lastEndMs, drainedMs, failures } = record;
  const deaths = VICTIMS.flatMap((name) => stack.processes[name].deaths.map(() => name));
  const repeated = evidence.notices.filter(({ attempts }) => attempts > 1);
  return [
    `kills: ${kills.total}, inside a life ${kills.inside}, median of lives under way ${kills.medianOpen} (${tally(mayhem.blows.map(({ victim }) => victim))})`,
    `answers lost at vendors: ${tally(mayhem.lostAnswers) || 'none'}`,
    `ended by themselves: ${tally(deaths) || 'none'}`,
    `planned: ${tally(plans.map(({ story }) => story))}`,
    `ended: ${tally(evidence.appointments.map(({ status, outcomeReason }) => `${status}/${outcomeReason}`))}`,
    `asked: ${evidence.deeds.length} wishes, ${evidence.deeds.reduce((sum, { sent }) => sum + sent, 0)} requests`,
    `no last word: ${[...desk.hiccups].map(([what, count]) => `${what} ${count}`).join(', ') || 'none'}`,
    ...waitLines(record),
    `refusals: ${tally(evidence.deeds.flatMap(({ act, answers }) => answers.flatMap(({ code }) => (code === null ? [] : [`${act} ${code}`]))))}`,
    `notices: ${evidence.notices.length}, tried again ${repeated.length} (${tally(repeated.map(({ channel }) => channel))})`,
    `at the vendors: ${evidence.vendors.payments.length} checkouts, ${evidence.vendors.refunds.length} refunds, ${evidence.vendors.sms.length} SMS, ${evidence.vendors.mails.length} e-mails`,
    `quiet: last life over after ${seconds(lastEndMs)}, all sent and returned after ${seconds(drainedMs)}`,
    ...failures.map((failure) => `!! ${failure}`),
  ];
}

const MOST_SHOWN = 10;

/** Each rule with what it found. */
export function verdictLines(verdict: Verdict): string[] {
  return (Object.keys(verdict) as CheckName[]).flatMap((name) => {
    const findings = verdict[name];
    if (findings.length === 0) return [`ok ${name}`];
    const shown = findings.slice(0, MOST_SHOWN).map(({ harm, about }) => `     ${harm}: ${about}`);
    const more = findings.length > MOST_SHOWN ? [`     and ${findings.length - MOST_SHOWN} more`] : [];
    return [`!! ${name}: ${findings.length}`, ...shown, ...more];
  });
}

/** Whether everything holds, and the last line, which scripts read. */
export function conclusion(
  verdict: Verdict,
  { options, failures }: RunRecord,
  kills: KillsInside,
): { holds: boolean; lines: string[] } {
  const harms = countHarms(verdict);
  const { lives, seed } = options;
  const complaints: string[] = [];
  if (kills.inside < killsWanted(lives))
    complaints.push(`!! only ${kills.inside} kills landed inside a life, ${killsWanted(lives)} are wanted`);
  if (harms.broken > 0) complaints.push(`!! broken=${harms.broken}: see above`);
  const holds = complaints.length === 0 && failures.length === 0 && harms.lost + harms.doubled + harms.stuck === 0;
  const last = `lives=${lives} lost=${harms.lost} doubled=${harms.doubled} stuck=${harms.stuck} seed=${seed}`;
  return { holds, lines: [...complaints, last] };
}
