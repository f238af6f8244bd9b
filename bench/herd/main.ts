import { Client, Connection } from '@temporalio/client';
import { AppointmentCalls } from '../../api/appointment-calls.js';
import { type Db, openDatabase } from '../../db/database.js';
import { temporalNamespace } from '../../dev/temporal-server.js';
import type { BenchOptions, BenchResult } from '../result.js';
import { type BenchStack, startBenchStack } from '../stack.js';
import type { BookingDesk } from './booking.js';
import { cpuReader } from './cpu.js';
import { measureOffset } from './clock.js';
import {
  bookHerd,
  type Herd,
  type HerdFound,
  policyOf,
  visitorsOf,
  type Watch,
  warmUpPairs,
  watchHerd,
} from './herd.js';
import { HttpClient } from './http.js';
import { readSent } from './measure.js';
import { type HerdOptions, readHerdOptions } from './options.js';
import { chooseJoiners } from './joins.js';
import { type HerdPeople, type HerdPerson, insertHerd, signInAll } from './people.js';
import { Reader } from './reader.js';
import { resultOf } from './report.js';
import { type RivalFound, runRival } from './rivals.js';
import {
  type Arrival,
  forgetArrivals,
  readArrivals,
  sendBare,
  type SendingRate,
  sendingRateOf,
  warmSandboxUp,
} from './sending.js';
import { throwawayFieldKeys } from '../../dev/field-keys.js';

/** One run: the herd, the bare loop of the SDKs, and the rivals, one after the other on the same servers. */
export interface HerdRun extends HerdFound {
  bookedPerSecond: number;
  /** T-15's SMS and e-mails as they reached the sandbox. */
  handOver: SendingRate;
  bareLoop: SendingRate;
  /** Messages that reached the sandbox before their due time. */
  sentEarly: number;
  rivals: RivalFound[];
}

/** Runs the herd bench. See docs/performance.md. @throws Error when a run could not be measured */
export async function run({ args, log }: BenchOptions): Promise<BenchResult> {
  const options = readHerdOptions(args);
  const runs: HerdRun[] = [];
  let settings: BenchResult['settings'] = {};
  for (let index = 1; index <= options.runs; index += 1) {
    if (options.runs > 1) log(`run ${index} of ${options.runs}`);
    const stack = await startBenchStack({ shards: options.shards, log });
    try {
      settings = { ...options, policy: policyOf(options), versions: stack.versions, stack: stack.settings };
      const died = stack.died.then((message) => Promise.reject(new Error(message)));
      runs.push(await Promise.race([oneRun(stack, options, log), died]));
    } finally {
      await stack.stop();
    }
  }
  return resultOf(runs, options, settings);
}

async function oneRun(stack: BenchStack, options: HerdOptions, log: (line: string) => void): Promise<HerdRun> {
  const db = openDatabase(stack.databaseUrl, { maxConnections: 4, fieldKeys: throwawayFieldKeys });
  const http = new HttpClient();
  try {
    const workers = await Promise.all(Array.from({ length: options.workers }, () => stack.startWorker()));
    const apis = [await stack.startApi()];
    while (apis.length < options.apis) apis.push(await stack.startApi());
    const policy = policyOf(options);
    log('people, wallets and their tokens');
    const people = await insertHerd(db, options.n + warmUpPairs(options.n), policy);
    const signIn = (who: HerdPerson[]) => signInAll(`${stack.sandbox.url}/oidc`, who);
    const tokens = await signIn([people.admin, ...people.clients]);
    const urls = apis.map(({ url }) => url);
    const desk: BookingDesk = { http, apis: urls, tokens, admin: people.admin, concurrency: options.concurrency };
    const herd = await book(stack, db, desk, { people, options }, log);
    const therapists = chooseJoiners(herd.appointments, options.joins).map(({ appointment }) => appointment.therapist);
    for (const [subject, token] of await signIn(therapists)) tokens.set(subject, token);
    await warmSandboxUp(stack);
    await forgetArrivals(stack.sandbox.url);
    const readCpu = cpuReader(stack, workers, apis);
    const found = await watchHerd({ db, desk, herd, options, readCpu, log });
    const { arrivals, early } = await reminderArrivals(db, stack.sandbox.url, herd);
    for (const worker of workers) await worker.stop();
    log('the bare loop of the SDKs, beside the same reads');
    const bareLoop = await sendBareBesideReads(stack, arrivals, { db, desk, herd, options });
    for (const api of apis) await api.stop();
    const rivals: RivalFound[] = [];
    for (const rival of options.rivals) rivals.push(await runRival(stack, rival, options, log));
    const handOver = sendingRateOf(arrivals);
    return { ...found, bookedPerSecond: herd.bookedPerSecond, handOver, bareLoop, sentEarly: early, rivals };
  } finally {
    http.close();
    await db.destroy();
  }
}

async function book(
  stack: BenchStack,
  db: Db,
  desk: BookingDesk,
  { people, options }: { people: HerdPeople; options: HerdOptions },
  log: (line: string) => void,
): Promise<Herd> {
  const what = { people, n: options.n, policy: policyOf(options) };
  if (!options.fromRows) return bookHerd(db, desk, { ...what, rows: null }, log);
  const connection = await Connection.connect({ address: stack.temporalAddress });
  try {
    const temporal = new Client({ connection, namespace: temporalNamespace });
    const calls = new AppointmentCalls(temporal, stack.env['TASK_QUEUE']!);
    return await bookHerd(db, desk, { ...what, rows: { db, calls, admin: people.admin } }, log);
  } finally {
    await connection.close();
  }
}

/** People read beside the bare loop as they did beside our relay. */
async function sendBareBesideReads(
  stack: BenchStack,
  arrivals: readonly Arrival[],
  { db, desk, herd, options }: Pick<Watch, 'db' | 'desk' | 'herd' | 'options'>,
): Promise<SendingRate> {
  const visitors = visitorsOf({ desk, herd }, await measureOffset(db));
  const reader = new Reader({ ...visitors, herd: herd.appointments, ratePerSecond: options.readRate });
  try {
    const messages = arrivals.map(({ message }) => message);
    return await sendBare(stack, messages);
  } finally {
    await reader.stop();
  }
}

/** T-15's messages in the order in which they reached the sandbox, and how many came before they were due. */
async function reminderArrivals(
  db: Db,
  sandboxUrl: string,
  { appointments }: Herd,
): Promise<{ arrivals: Arrival[]; early: number }> {
  const all = await readArrivals(sandboxUrl);
  const ids = appointments.map(({ id }) => id);
  const sent = await readSent(db, ids);
  const matched = sent.map(({ ref, dueAt }) => {
    const arrival = all.get(ref);
    if (arrival === undefined) throw new Error(`${ref} is written down as sent, and the sandbox has not seen it`);
    return { arrival, isEarly: arrival.at < dueAt };
  });
  const arrivals = matched.map(({ arrival }) => arrival).sort((a, b) => a.at - b.at);
  return { arrivals, early: matched.filter(({ isEarly }) => isEarly).length };
}
