import { afterAll, beforeAll, expect, test } from 'vitest';
import { brokenRules, ledgersBooks, providersBooks } from '../support/provider-books.js';
import { inspect } from './check.js';
import { readBoundaryConfig } from './config.js';
import { createGatedWorld, type GatedWorld } from './gated-world.js';
import { AT_ONCE, BOUNDARIES, planKills } from './plan.js';
import { Report } from './report.js';
import { killAt, type Led } from './wave.js';

/**
 * A worker in a process of its own is killed (SIGKILL) exactly at each boundary: around every commit, every activity,
 * every effect of a relay. Many lives stand at their boundaries when it dies. `npm run test:boundaries` does it twenty
 * times each.
 */

const config = readBoundaryConfig();
const boundaries = BOUNDARIES.filter(({ name }) => name.includes(config.only));
/** Kills that a run takes at most: a life that was not brought to its boundary in time is led there again. */
const MOST_KILLS = 20 + 12 * config.kills;
/** How long lives are prepared before their moment, and how many: more time and fewer where many were too late. */
interface Pace {
  leadMs: number;
  atOnce: number;
}
const FIRST_PACE: Pace = { leadMs: 12_000, atOnce: AT_ONCE };
const LONGEST_LEAD_MS = 28_000;
const FEWEST_AT_ONCE = 8;

/** The pace after a kill: a slow machine gets more time, and then fewer lives at once, and more again once none is late. */
function paceAfter({ leadMs, atOnce }: Pace, led: readonly Led[]): Pace {
  const late = led.filter(({ stood }) => !stood).length / led.length;
  if (late === 0) return { leadMs, atOnce: Math.min(AT_ONCE, Math.ceil(atOnce * 1.5)) };
  if (late <= 0.1) return { leadMs, atOnce };
  if (leadMs < LONGEST_LEAD_MS && late < 0.5) return { leadMs: leadMs + 4_000, atOnce };
  return { leadMs: LONGEST_LEAD_MS, atOnce: late < 0.5 ? atOnce : Math.max(FEWEST_AT_ONCE, Math.round(atOnce / 2)) };
}

/** After so many kills their lives are looked at. */
const LOOKED_AT_EVERY = 6;
/** How many lives are looked at together. */
const LOOKED_AT_ONCE = 8;
/** What a kill takes at most, with looking at its lives. */
const A_KILL_MS = 90_000;

let world: GatedWorld;
beforeAll(async () => {
  world = await createGatedWorld();
  await world.startProcess();
}, 60_000);
afterAll(() => world.close());

async function inspectAll(led: readonly Led[], report: Report): Promise<void> {
  const waiting = [...led];
  const lane = async () => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      if (one.prepared !== null) report.add(one, await inspect(world, one));
    }
  };
  await Promise.all(Array.from({ length: LOOKED_AT_ONCE }, lane));
}

test(
  `a worker killed ${config.kills} times at each of ${boundaries.length} boundaries: everything happens once`,
  async () => {
    const startedAt = Date.now();
    const say = (what: string) => process.stderr.write(`${Math.round((Date.now() - startedAt) / 1_000)} s: ${what}\n`);
    say(`seed ${config.seed}`);
    const report = new Report(boundaries);
    let pace = FIRST_PACE;
    let led: Led[] = [];
    let kills = 0;
    const missing = () => boundaries.filter(({ name }) => killsAt(name) < config.kills);
    const killsAt = (name: string) =>
      report.killsAt(name) + led.filter((one) => one.stood && one.boundary.name === name).length;
    const lookAtAll = async () => {
      await inspectAll(led, report);
      for (const { boundary, stood, errors } of led)
        if (!stood) say(`not there: ${boundary.name} ${errors.join('; ')}`);
      say(`${led.length} lives are looked at`);
      led = [];
    };
    while (missing().length > 0 && kills < MOST_KILLS) {
      const wanted = missing().flatMap((boundary) =>
        Array.from({ length: config.kills - killsAt(boundary.name) }, () => boundary),
      );
      const [wave] = planKills(wanted, config.seed + kills, pace.atOnce);
      const ofWave = await killAt(world, wave!, pace.leadMs);
      kills += 1;
      pace = paceAfter(pace, ofWave);
      led.push(...ofWave);
      const stood = ofWave.filter((one) => one.stood).length;
      say(`kill ${kills}: ${stood} of ${ofWave.length} lives stood there; next ${pace.atOnce} in ${pace.leadMs} ms`);
      if (kills % LOOKED_AT_EVERY === 0 || missing().length === 0) await lookAtAll();
    }
    await lookAtAll();
    say(`${report.print()}\nthe worker was killed ${kills} times`);
    expect(report.all().flatMap(({ complaints }) => complaints)).toEqual([]);
    expect(missing().map(({ name }) => name)).toEqual([]);
    expect(await brokenRules(world.db)).toEqual([]);
    expect(providersBooks(world.sandbox)).toEqual(await ledgersBooks(world.db));
  },
  MOST_KILLS * A_KILL_MS,
);
