import { sql } from 'kysely';
import type { Db } from '../../db/database.js';
import { deadlinesOf } from '../../domain/deadlines.js';
import { defaultPolicy, REAL_MINUTE_MS, type Policy } from '../../domain/policy.js';
import { bringUpHerd, type BookingDesk, type HerdAppointment } from './booking.js';
import { type ClockOffset, measureOffset, rest, waitUntil } from './clock.js';
import { cpuUsed, type HerdCpu, type ReadHerdCpu } from './cpu.js';
import { chooseJoiners, type JoinsFound, sendJoins } from './joins.js';
import { type Durable, readDurable, readProgress } from './measure.js';
import type { HerdOptions } from './options.js';
import { type HerdPeople, HERD_DURATION_MINUTES } from './people.js';
import { Reader, type ReadsFound } from './reader.js';
import { makeHerdOfRows, type RowsDesk } from './rows.js';
import type { JoinMoment } from './status.js';

/** A herd that was booked, with its two due times. Epoch ms, PostgreSQL's clock. */
export interface Herd {
  appointments: HerdAppointment[];
  startsAt: number;
  remindAt: number;
  opensAt: number;
  bookedPerSecond: number;
}

/** What was seen of one herd. */
export interface HerdFound {
  durable: Durable;
  reads: ReadsFound;
  joins: JoinsFound;
  /** From T-15 and T-5 until nothing of theirs was left to do. */
  drainedMs: { reminders: number; openings: number };
  /** CPU time from the first wake-up ahead of T-15 until its wave is over, and from T-5 until its wave is. */
  cpu: { reminders: HerdCpu; openings: HerdCpu };
}

/** The therapists' policy: the product's default but for what was asked for. */
export function policyOf({ minuteMs, spreadMs }: Pick<HerdOptions, 'minuteMs' | 'spreadMs'>): Policy {
  const policy = defaultPolicy(minuteMs);
  return spreadMs === null ? policy : { ...policy, wakeSpreadMs: spreadMs };
}

/** How many real milliseconds ahead of T-15 its wake-ups begin. */
export function spreadAheadMs({ wakeSpreadMs, minuteMs }: Policy): number {
  return (wakeSpreadMs * minuteMs) / REAL_MINUTE_MS;
}

/** Booked first, for a start that is not the herd's: they warm everything up, and the later half tells how quickly. */
export function warmUpPairs(n: number): number {
  return Math.min(200, Math.max(40, Math.ceil(n / 10)));
}

const DAY_MS = 86_400_000;
/** The plan allows for a booking that is slower than the warm-up by this much. */
const ALLOWANCE = 1.35;
const QUIET_MS = 3_000;

/** What making one appointment from rows takes at most, ms. */
const ROWS_MS_EACH = 40;

/**
 * Books the herd so that it should be complete before the first of its wake-ups: through the API, or, where `rows` is
 * given, by the product's own transactions. @throws Error when it isn't by T-15
 */
export async function bookHerd(
  db: Db,
  desk: BookingDesk,
  { people, n, policy, rows }: { people: HerdPeople; n: number; policy: Policy; rows: RowsDesk | null },
  log: (line: string) => void,
): Promise<Herd> {
  const pairs = people.clients.map((client, index) => ({ client, therapist: people.therapists[index]! }));
  const warm = pairs.splice(0, pairs.length - n);
  const cold = warm.splice(0, Math.floor(warm.length / 2));
  await bringUpHerd(desk, cold, Date.now() + DAY_MS, log);
  const warmAt = Date.now();
  await bringUpHerd(desk, warm, Date.now() + DAY_MS, log);
  const msEach = rows === null ? (Date.now() - warmAt) / warm.length : ROWS_MS_EACH;
  const offset = await measureOffset(db);
  const needsMs = pairs.length * msEach * ALLOWANCE + spreadAheadMs(policy) + QUIET_MS * 2;
  const remindAt = Math.ceil((Date.now() + offset.offsetMs + needsMs) / 1_000) * 1_000;
  const startsAt = remindAt + policy.reminderMinutes * policy.minuteMs;
  const { opensAt } = deadlinesOf({ createdAt: Date.now(), startsAt, durationMinutes: HERD_DURATION_MINUTES, policy });
  log(`booking ${pairs.length}: T-15 at ${iso(remindAt)}, T-5 ${(opensAt - remindAt) / 1_000} s after it`);
  const startedAt = Date.now();
  const appointments = await (rows === null
    ? bringUpHerd(desk, pairs, startsAt, log)
    : makeHerdOfRows(rows, pairs, startsAt, log));
  const bookedPerSecond = (appointments.length * 1_000) / (Date.now() - startedAt);
  const leftMs = remindAt - spreadAheadMs(policy) - Date.now() - offset.offsetMs;
  log(`booked ${appointments.length} (${bookedPerSecond.toFixed(1)}/s), ${(leftMs / 1_000).toFixed(1)} s ahead`);
  if (leftMs < 0) log('  booking took longer than the warm-up promised: the first wake-ups came meanwhile');
  if (leftMs < QUIET_MS - spreadAheadMs(policy)) throw new Error('booking was not over by T-15: nothing was measured');
  await checkHerd(db, appointments, remindAt, opensAt);
  return { appointments, startsAt, remindAt, opensAt, bookedPerSecond };
}

const iso = (ms: number): string => new Date(ms).toISOString().slice(11, 23);

/** @throws Error unless all are paid, activated and due on the same second */
async function checkHerd(db: Db, herd: readonly HerdAppointment[], remindAt: number, opensAt: number): Promise<void> {
  const { rows } = await sql<{ good: number }>`
    select count(*)::int as good from appointment where id = any(${herd.map(({ id }) => id)}::uuid[])
      and status = 'scheduled' and paid_at is not null and activated_at is not null
      and remind_at = ${new Date(remindAt)} and opens_at = ${new Date(opensAt)}`.execute(db);
  if (rows[0]!.good !== herd.length) throw new Error(`of ${herd.length} appointments ${rows[0]!.good} are ready`);
}

const LONGEST_DRAIN_MS = 1_800_000;
const LOOK_EVERY_MS = 1_000;
const TELL_EVERY_MS = 10_000;

type Left = Awaited<ReturnType<typeof readProgress>>;

/** Waits until nothing is left to do. @returns when that was seen, to a second, epoch ms */
async function drain(
  db: Db,
  startsAt: number,
  isDone: (left: Left) => boolean,
  log: (line: string) => void,
): Promise<number> {
  const until = Date.now() + LONGEST_DRAIN_MS;
  let toldAt = Date.now();
  for (;;) {
    const left = await readProgress(db, startsAt);
    if (isDone(left)) return Date.now();
    if (Date.now() > until)
      throw new Error(`after ${LONGEST_DRAIN_MS / 1_000} s there is left: ${JSON.stringify(left)}`);
    if (Date.now() - toldAt >= TELL_EVERY_MS) {
      toldAt = Date.now();
      log(`  reminded ${left.reminded}, rooms ${left.rooms}, opened ${left.opened}, unsent ${left.unsent}`);
    }
    await rest(LOOK_EVERY_MS);
  }
}

/** What watching works with. */
export interface Watch {
  db: Db;
  desk: BookingDesk;
  herd: Herd;
  options: HerdOptions;
  readCpu: ReadHerdCpu;
  log: (line: string) => void;
}

/** T-15: waits until its wave is over, at the longest until shortly before T-5. */
async function watchReminders({ db, herd, options, readCpu, log }: Watch, offset: ClockOffset) {
  const { appointments, startsAt, remindAt, opensAt } = herd;
  await waitUntil(remindAt - spreadAheadMs(policyOf(options)), offset);
  const before = readCpu();
  await waitUntil(remindAt, offset);
  log('T-15');
  const isReminded = ({ unsent, reminded }: Left) => unsent === 0 && reminded === appointments.length;
  const drainedMs = drain(db, startsAt, isReminded, log).then((at) => at - remindAt);
  drainedMs.catch(() => undefined); // awaited after T-5
  const inTime = await Promise.race([drainedMs, waitUntil(opensAt - QUIET_MS, offset).then(() => null)]);
  if (inTime === null) log('  T-15 is not worked off before T-5');
  return { cpu: cpuUsed(before, readCpu()), drainedMs };
}

/** What those who read and join a herd work with. `joins` grows while people join. */
export function visitorsOf({ desk, herd }: Pick<Watch, 'desk' | 'herd'>, offset: ClockOffset) {
  const { http, apis, tokens } = desk;
  return { http, apis, tokens, opensAt: herd.opensAt, offset, joins: new Map<string, JoinMoment>() };
}

/** Watches a herd over T-15 and T-5: reads all along, joins in the second of T-5, and what PostgreSQL says afterwards. */
export async function watchHerd(watch: Watch): Promise<HerdFound> {
  const { db, herd, options, readCpu, log } = watch;
  const { appointments, startsAt, opensAt } = herd;
  const ids = appointments.map(({ id }) => id);
  const offset = await measureOffset(db);
  const visitors = visitorsOf(watch, offset);
  const reader = new Reader({ ...visitors, herd: appointments, ratePerSecond: options.readRate });
  try {
    const reminders = await watchReminders(watch, offset);
    await waitUntil(opensAt - QUIET_MS, offset);
    const joining = sendJoins({ ...visitors, joiners: chooseJoiners(appointments, options.joins) });
    await waitUntil(opensAt, offset);
    const before = readCpu();
    const joinsFound = await joining;
    log(`T-5: ${joinsFound.letIn} of ${joinsFound.sent} let in`);
    const isOpened = ({ unsent, opened, rooms }: Left) => unsent === 0 && opened === ids.length && rooms === ids.length;
    const openedAt = await drain(db, startsAt, isOpened, log);
    return {
      cpu: { reminders: reminders.cpu, openings: cpuUsed(before, readCpu()) },
      durable: await readDurable(db, ids),
      reads: await reader.stop(),
      joins: joinsFound,
      drainedMs: { reminders: await reminders.drainedMs, openings: openedAt - opensAt },
    };
  } finally {
    await reader.stop();
  }
}
