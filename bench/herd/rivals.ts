import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { BenchStack } from '../stack.js';
import { rest } from './clock.js';
import type { Lateness } from './lateness.js';
import type { RivalName } from './options.js';
import { makeRivalDatabase, type RivalDatabase } from './rival-database.js';
import type { RivalOrder } from './rival-work.js';

/** How late a rival was with the same work. */
export interface RivalFound {
  rival: RivalName;
  /** The reminder's rows written as claimed. */
  claimed: Lateness;
  /** The status confirmed. */
  opened: Lateness;
}

const PROGRAMS: Record<RivalName, string> = {
  'pg-boss': 'bench/herd/pg-boss-process.ts',
  'graphile-worker': 'bench/herd/graphile-process.ts',
  cron: 'bench/herd/cron-process.ts',
};

/** Time to insert jobs and start, before T-15; a rival that isn't ready by then fails the run. */
const LEAD_MS = 10_000;
const LEAD_MS_PER_APPOINTMENT = 3;
const GAP_MS = 10_000;
const GAP_MS_PER_APPOINTMENT = 4;
const CRON_EVERY_MS = 60_000;
const LONGEST_MS = 120_000;

/** Runs one rival alone: its own database on the same server, its own process, the same number of appointments. */
export async function runRival(
  stack: Pick<BenchStack, 'adminDatabaseUrl' | 'startNode' | 'folder'>,
  rival: RivalName,
  { n, cronPhaseS }: { n: number; cronPhaseS: number },
  log: (line: string) => void,
): Promise<RivalFound> {
  log(`${rival}: the same work for ${n} appointments`);
  const database = await makeRivalDatabase(stack.adminDatabaseUrl, `herd_${rival.replace('-', '_')}`, n);
  try {
    const isCron = rival === 'cron';
    const remindAt = Math.ceil((Date.now() + LEAD_MS + n * LEAD_MS_PER_APPOINTMENT) / 1_000) * 1_000;
    const opensAt = remindAt + (isCron ? CRON_EVERY_MS : Math.ceil(GAP_MS + n * GAP_MS_PER_APPOINTMENT));
    await database.insertAppointments(remindAt, opensAt);
    const readyFile = join(stack.folder, `${rival}-${remindAt}.ready`);
    const order: RivalOrder & { firstTickAt: number } = {
      databaseUrl: database.url,
      n,
      remindAt,
      opensAt,
      readyFile,
      firstTickAt: remindAt + cronPhaseS * 1_000,
    };
    const running = await stack.startNode({
      name: rival,
      program: PROGRAMS[rival],
      args: [JSON.stringify(order)],
      isReady: () => exists(readyFile),
    });
    try {
      await waitForAll(database, n, opensAt + LONGEST_MS, rival);
    } finally {
      await running.stop();
    }
    return { rival, ...(await database.lateness()) };
  } finally {
    await database.drop();
  }
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

const LOOK_EVERY_MS = 1_000;

async function waitForAll(database: RivalDatabase, n: number, until: number, rival: string): Promise<void> {
  for (;;) {
    const { reminded, opened } = await database.progress();
    if (reminded === n && opened === n) return;
    if (Date.now() > until) throw new Error(`${rival} did ${reminded} reminders and ${opened} openings of ${n}`);
    await rest(LOOK_EVERY_MS);
  }
}
