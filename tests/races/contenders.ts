import { randomUUID } from 'node:crypto';
import { databaseNow } from '../../db/clock.js';
import type { Db } from '../../db/database.js';
import type { HttpAnswer } from '../support/http-world.js';
import type { TestPerson } from '../support/people.js';
import { until } from '../support/steps.js';
import { holding, momentOf, past, type Lock, type Moment } from './hold.js';
import { TooSlow, type RaceWorld } from './racing.js';
import type { Racing } from './rows.js';

/** A request that can be sent, and sent again under the same key. */
export interface Send {
  person: TestPerson;
  key: string;
  go: () => Promise<HttpAnswer>;
}

/** A POST of a person, under a key of its own. */
export function post(world: RaceWorld, person: TestPerson, path: string, body: object = {}): Send {
  const key = randomUUID();
  return { person, key, go: () => world.send(person, 'POST', path, body, key) };
}

/** A POST about an appointment. */
export function ask(
  world: RaceWorld,
  person: TestPerson,
  { id }: Pick<Racing, 'id'>,
  what: string,
  body: object = {},
): Send {
  return post(world, person, `/v1/appointments/${id}/${what}`, body);
}

/** Sends, and answers once the API has begun to work on it; its answer is still to come. */
async function begin({ db }: RaceWorld, { key, go }: Send): Promise<{ answer: Promise<HttpAnswer> }> {
  const answer = go();
  const claimed = () => db.selectFrom('idempotencyKey').where('key', '=', key).select('key').executeTakeFirst();
  await until('the request is at work', async () => (await claimed()) !== undefined, 20_000);
  return { answer };
}

/**
 * Who races, and where it is before the next one comes: at the lock, in the workflow behind the first, or done. The
 * clock is there when its moment has passed and, at the lock, when the workflow's commit waits for it.
 */
export type Contender = { at: 'lock' | 'workflow' | 'end' } & ({ send: Send } | { clock: Moment });

/** Holds the lock, lets each contender come in turn, lets go, and answers with what the requests were told. */
export async function inOrder(
  world: RaceWorld,
  lock: Lock,
  racing: Pick<Racing, 'id'> | null,
  contenders: readonly Contender[],
): Promise<HttpAnswer[]> {
  const { db } = world;
  const deadlines = contenders.flatMap((contender) => ('clock' in contender ? [contender.clock] : []));
  const answers = await holding(db, lock, async (hold) => {
    const coming: { answer: Promise<HttpAnswer> }[] = []; // wrapped: not awaited while the lock is held
    let waiting = 0;
    await assertAhead(db, racing, deadlines);
    for (const contender of contenders) {
      let goesAhead = new Promise<string>(() => undefined);
      if ('clock' in contender) {
        await past(db, racing!.id, deadlines.shift()!);
      } else {
        const begun = await begin(world, contender.send);
        coming.push(begun);
        if (contender.at === 'end') await begun.answer;
        goesAhead = begun.answer.then(({ status, body }) => `${status} ${JSON.stringify(body)}`);
      }
      const inLine = contender.at === 'lock' ? hold.waiters((waiting += 1)) : null;
      inLine?.catch(() => undefined); // who goes ahead leaves it behind
      const ahead = inLine === null ? null : await Promise.race([inLine, goesAhead]);
      await assertAhead(db, racing, deadlines);
      if (typeof ahead === 'string') throw new Error(`it did not wait for the lock: ${ahead}`);
    }
    return coming;
  });
  return Promise.all(answers.map(({ answer }) => answer));
}

/** A race against a deadline that had passed before it began would force nothing. */
async function assertAhead(db: Db, racing: Pick<Racing, 'id'> | null, deadlines: readonly Moment[]): Promise<void> {
  for (const deadline of deadlines) {
    const lateMs = (await databaseNow(db)) - (await momentOf(db, racing!.id, deadline));
    if (lateMs >= 0) throw new TooSlow(`${deadline} passed ${lateMs} ms before the race`);
  }
}
