import { afterAll, beforeAll, expect, test } from 'vitest';
import { brokenRules, ledgersBooks, providersBooks } from '../support/provider-books.js';
import { inspect } from './check.js';
import { readBoundaryConfig } from './config.js';
import { createGatedWorld, type GatedWorld } from './gated-world.js';
import { BOUNDARIES, planKills } from './plan.js';
import { Report } from './report.js';
import { killAt, type Led } from './wave.js';

/**
 * A worker in a process of its own is killed (SIGKILL) exactly at each boundary: around every commit, every activity,
 * every effect of a relay. Many lives stand at their boundaries when it dies. `npm run test:boundaries` does it twenty
 * times each.
 */

const config = readBoundaryConfig();
const boundaries = BOUNDARIES.filter(({ name }) => name.includes(config.only));
/** Lives that were not brought to their boundary in time are led there again, all of them so often at most. */
const MOST_ROUNDS = 5;
/** How long lives are prepared before their moment; longer once a tenth of them was too late, on a slow machine. */
const LEAD_MS = 12_000;
const LONGEST_LEAD_MS = 28_000;
const longerLead = (leadMs: number, led: readonly Led[]) =>
  led.filter(({ stood }) => !stood).length * 10 < led.length ? leadMs : Math.min(LONGEST_LEAD_MS, leadMs + 4_000);

/** How many lives are looked at together. */
const LOOKED_AT_ONCE = 8;
/** What all boundaries once take on two cores, with a part that has to be led again. */
const A_KILL_EACH_MS = 300_000;

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
    let kills = 0;
    let leadMs = LEAD_MS;
    const missing = () => boundaries.filter(({ name }) => report.killsAt(name) < config.kills);
    for (let round = 0; round < MOST_ROUNDS && missing().length > 0; round += 1) {
      const led: Led[] = [];
      const wanted = missing().flatMap((boundary) => {
        const more = config.kills - report.killsAt(boundary.name);
        return Array.from({ length: more }, () => boundary);
      });
      for (const wave of planKills(wanted, config.seed + round)) {
        const ofWave = await killAt(world, wave, leadMs);
        leadMs = longerLead(leadMs, ofWave);
        led.push(...ofWave);
        kills += 1;
        say(`kill ${kills}: ${ofWave.filter(({ stood }) => stood).length} of ${ofWave.length} lives stood there`);
      }
      await inspectAll(led, report);
      say(`round ${round + 1} is looked at`);
      for (const { boundary, stood, errors } of led)
        if (!stood) say(`not there: ${boundary.name} ${errors.join('; ')}`);
    }
    say(`${report.print()}\nthe worker was killed ${kills} times`);
    expect(report.all().flatMap(({ complaints }) => complaints)).toEqual([]);
    expect(missing().map(({ name }) => name)).toEqual([]);
    expect(await brokenRules(world.db)).toEqual([]);
    expect(providersBooks(world.sandbox)).toEqual(await ledgersBooks(world.db));
  },
  (config.kills + MOST_ROUNDS) * A_KILL_EACH_MS,
);
