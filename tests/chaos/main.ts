// npm run chaos [-- --seed N --lives 1000]: lives at speed while worker, API, Temporal and PostgreSQL are killed.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { openDatabase } from '../../db/database.js';
import { withProgress } from '../../dev/progress.js';
import { check } from './checker.js';
import { gatherEvidence } from './evidence.js';
import { conclusion, killsInside, runLines, verdictLines } from './report.js';
import { runChaos, type RunOptions } from './run.js';
import { type ChaosStack, startChaosStack } from './stack.js';
import { throwawayFieldKeys } from '../../dev/field-keys.js';

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const sayAside = (line: string): void => void process.stderr.write(`${line}\n`);

function wholeAbove0(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('Give a whole number above 0.');
  return value;
}

function above0(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('Give a number above 0.');
  return value;
}

interface Wish {
  seed: number;
  lives: number;
  perSecond: number;
  keys: boolean;
  keep?: true;
}

function readWish(): Wish {
  return new Command('chaos')
    .description(
      'Plays lives at speed under kill -9 of worker, API, Temporal and PostgreSQL, then checks what is left.',
    )
    .option('--seed <n>', 'what lives and kills follow from', wholeAbove0, (Date.now() % 1_000_000) + 1)
    .option('--lives <n>', 'how many', wholeAbove0, 1_000)
    .option('--per-second <n>', 'how many begin in a second', above0, 1.8)
    .option('--no-keys', 'take the idempotency keys off on the way: the run must then report doubled > 0 and fail')
    .option('--keep', 'leave the folder with data, logs and evidence.json')
    .parse()
    .opts<Wish>();
}

async function judge(stack: ChaosStack, options: RunOptions, folder: string, brokenOff: AbortSignal): Promise<boolean> {
  const record = await runChaos(stack, options, sayAside, brokenOff);
  const db = openDatabase(stack.databaseUrl, { maxConnections: 8, fieldKeys: throwawayFieldKeys });
  try {
    const { desk, stuckIds, mayhem } = record;
    const evidence = await gatherEvidence(db, stack, { deeds: desk.deeds, stuckIds });
    const dump = { ...evidence, plans: record.plans, blows: mayhem.blows, quietAt: record.quietAt };
    await writeFile(join(folder, 'evidence.json'), JSON.stringify(dump));
    const kills = await killsInside(db, mayhem.blows);
    const verdict = check(evidence);
    const { holds, lines } = conclusion(verdict, record, kills);
    for (const line of [...runLines(record, evidence, kills, stack), ...verdictLines(verdict), ...lines]) say(line);
    return holds;
  } finally {
    await db.destroy();
  }
}

function untilSignal(): AbortSignal {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort());
  return stopping.signal;
}

async function chaos({ keep, keys, ...rest }: Wish): Promise<boolean> {
  const options = { ...rest, withoutKeys: !keys };
  const brokenOff = untilSignal();
  const folder = await mkdtemp(join(tmpdir(), 'punctual-chaos-'));
  // As root, PostgreSQL runs as another user, who must reach its folder.
  await chmod(folder, 0o755);
  say(`seed ${options.seed}, ${options.lives} lives${keys ? '' : ', idempotency keys off'}`);
  try {
    const stack = await withProgress('bringing up the stack', sayAside, () =>
      startChaosStack(folder, options.withoutKeys),
    );
    try {
      return await judge(stack, options, folder, brokenOff);
    } finally {
      await stack.stop();
    }
  } finally {
    if (keep) sayAside(`data and logs are in ${folder}`);
    else await rm(folder, { recursive: true, force: true });
  }
}

try {
  process.exitCode = (await chaos(readWish())) ? 0 : 1;
} catch (error) {
  sayAside(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
// What a broken-off run still waits for must not keep the terminal.
process.exit();
