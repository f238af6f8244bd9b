import pc from 'picocolors';
import type { StackAddresses } from '../dev/environment.js';
import { withProgress } from '../dev/progress.js';
import { describeError } from './api-problem.js';
import { worldOf, type World } from './demo-life.js';
import { playMoneyLife, type OnMoneyEvent } from './demo-money-lives.js';
import { checkBooks, checkLines } from './demo-money-books.js';
import { MONEY_LIVES, type MoneyPlan } from './demo-money-plan.js';
import { brokenMoneyLife, judgeMoneyLife, moneyLifeLines, type JudgedMoneyLife } from './demo-money-report.js';
import { timelineLine, timeOfDay } from './format.js';

/** Where the demo's lines go: `say` is its result, `sayAside` its progress. */
export interface DemoVoice {
  say: (line: string) => void;
  sayAside: (line: string) => void;
}

const NAME_WIDTH = Math.max(...MONEY_LIVES.map(({ name }) => name.length));

async function liveOne(world: World, plan: MoneyPlan, tell: OnMoneyEvent): Promise<JudgedMoneyLife> {
  try {
    return await judgeMoneyLife(world, await playMoneyLife(world, plan, tell));
  } catch (error) {
    return brokenMoneyLife(plan, describeError(error));
  }
}

/**
 * Plays the six lives of docs/money.md side by side and prints their timelines, then the ledger of each; says nothing
 * more once it was broken off. @returns whether all went as they should
 */
export async function playMoneyLives(
  addresses: StackAddresses,
  { say, sayAside }: DemoVoice,
  json: boolean,
  brokenOff?: AbortSignal,
): Promise<boolean> {
  const world = worldOf(addresses);
  const startedAt = performance.now();
  const tell: OnMoneyEvent = (plan, item) => {
    const line =
      typeof item === 'string' ? `${timeOfDay(new Date().toISOString())}  ${pc.cyan(item)}` : timelineLine(item);
    say(`${pc.dim(plan.name.padEnd(NAME_WIDTH))} ${line}`);
  };
  const judged = await withProgress('playing six lives', sayAside, () =>
    Promise.all(MONEY_LIVES.map((plan) => liveOne(world, plan, tell))),
  );
  if (brokenOff?.aborted === true) return false;
  const check = await checkBooks(world, judged);
  const ok = check.findings.length === 0 && judged.every(({ report }) => report.findings.length === 0);
  say('');
  for (const life of judged) for (const line of moneyLifeLines(life)) say(line);
  for (const line of checkLines(check)) say(line);
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  const verdict = ok ? pc.green('All as docs/money.md says.') : pc.red('Not as docs/money.md says: see above.');
  say(`${verdict} ${seconds} s.`);
  if (json) say(JSON.stringify({ ok, lives: judged.map(({ report }) => report), check }));
  return ok;
}
