// npm run demo [-- --money] [-- --json]: nine appointments at speed, each checked against docs/lifecycle.md; with
// --money six whose money takes another way, checked against docs/money.md.
import { Command } from 'commander';
import pc from 'picocolors';
import type { StackAddresses } from '../dev/environment.js';
import { withProgress } from '../dev/progress.js';
import { describeError } from './api-problem.js';
import { playLife, worldOf, type OnEvent, type World } from './demo-life.js';
import { playMoneyLives } from './demo-money-run.js';
import { NINE_LIVES, nameOf, type Plan } from './demo-plan.js';
import { eventLine, judgeLife, lifeLines, type JudgedLife } from './demo-report.js';
import { timelineLine } from './format.js';
import { dataDir, runningStack } from './places.js';
import { WorkflowCosts } from './workflow-cost.js';

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const sayAside = (line: string): void => void process.stderr.write(`${line}\n`);
const tell: OnEvent = (plan, item) => say(eventLine(plan, timelineLine, item));

/** A life that was judged, or the error that kept it from its end. */
type Ending = JudgedLife | { plan: Plan; error: unknown };

async function liveOne(world: World, costs: WorkflowCosts, plan: Plan): Promise<Ending> {
  try {
    return await judgeLife(world, costs, await playLife(world, plan, tell));
  } catch (error) {
    return { plan, error };
  }
}

function endingLines(ending: Ending): string[] {
  if (!('error' in ending)) return lifeLines(ending);
  return [`${pc.red('!!')} ${nameOf(ending.plan).padEnd(14)} ${pc.red(describeError(ending.error))}`];
}

/** Plays and judges all nine; says nothing more once it was broken off. @returns whether all went as they should */
async function playAll(addresses: StackAddresses, json: boolean, brokenOff?: AbortSignal): Promise<boolean> {
  const world = worldOf(addresses);
  const costs = await WorkflowCosts.connect(addresses.temporalAddress);
  try {
    const startedAt = performance.now();
    const endings = await withProgress('playing nine lives', sayAside, () =>
      Promise.all(NINE_LIVES.map((plan) => liveOne(world, costs, plan))),
    );
    if (brokenOff?.aborted === true) return false;
    const judged = endings.filter((ending): ending is JudgedLife => !('error' in ending));
    const ok = judged.length === endings.length && judged.every(({ findings }) => findings.length === 0);
    say('');
    for (const ending of endings) for (const line of endingLines(ending)) say(line);
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    say(
      `\n${ok ? pc.green('All as docs/lifecycle.md says.') : pc.red('Not as docs/lifecycle.md says: see above.')} ${seconds} s.`,
    );
    if (json) say(JSON.stringify({ ok, appointments: judged.map(({ report }) => report) }));
    return ok;
  } finally {
    await costs.close();
  }
}

interface Wish {
  json: boolean;
  money: boolean;
}

function play(addresses: StackAddresses, { json, money }: Wish, brokenOff?: AbortSignal): Promise<boolean> {
  if (money) return playMoneyLives(addresses, { say, sayAside }, json, brokenOff);
  return playAll(addresses, json, brokenOff);
}

/** On the stack that runs, or on one that is brought up for this and stopped afterwards. */
async function demo(wish: Wish): Promise<boolean> {
  const running = await runningStack();
  if (running !== null) return play(running, wish);
  sayAside('No stack is running: bringing one up for the demo ...');
  const { startStack } = await import('../dev/stack.js');
  const stopping = new AbortController();
  const onSignal = (): void => stopping.abort();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal);
  const stack = await startStack({ dataDir, log: sayAside, signal: stopping.signal });
  const brokenOff = new Promise<never>((_, reject) => {
    stopping.signal.addEventListener('abort', () => reject(new Error('The demo was broken off.')), { once: true });
    void stack.died.then((message) => reject(new Error(message)));
  });
  try {
    return await Promise.race([play(stack.addresses, wish, stopping.signal), brokenOff]);
  } finally {
    await stack.stop();
  }
}

const { json, money } = new Command('demo')
  .description('Plays nine appointments at speed: three payment methods times three session modes.')
  .option('--money', 'six appointments whose money takes another way, with the ledger of each')
  .option('--json', 'the last line is the result as JSON')
  .parse()
  .opts<Partial<Wish>>();
try {
  process.exitCode = (await demo({ json: json === true, money: money === true })) ? 0 : 1;
} catch (error) {
  sayAside(describeError(error));
  process.exitCode = 1;
}
// What a broken-off demo still waits for must not keep the terminal.
process.exit();
