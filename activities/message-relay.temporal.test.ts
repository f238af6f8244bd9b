import { sql } from 'kysely';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readDecision } from '../db/messages.js';
import { makePerson } from '../tests/support/people.js';
import { createWorld, type World } from '../tests/support/world.js';
import { arrangeRow } from '../tests/races/rows.js';
import { relayMessages } from './message-relay.js';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

test('a message that no commit can decide keeps the relay from no other', async () => {
  const { db, temporal } = world;
  const admin = await makePerson(db, 'admin');
  const [spoilt, healthy] = [
    await arrangeRow(db, admin, { stage: 'completed' }),
    await arrangeRow(db, admin, { stage: 'completed' }),
  ];
  const store = async (id: string, payload: string) => {
    const { rows } = await sql<{ id: string }>`
      insert into message (appointment_id, kind, actor_role, payload, next_attempt_at)
      values (${id}, 'payment_settled', 'provider', ${payload}::jsonb, clock_timestamp()) returning id`.execute(db);
    return rows[0]!.id;
  };
  const [bad, good] = [await store(spoilt.id, 'null'), await store(healthy.id, '{}')];
  const claimed = await relayMessages({ db, temporal, log: pino({ level: 'silent' }) });
  expect(claimed).toBe(2);
  expect(await readDecision(db, good)).toEqual({ ok: false, code: 'no_payment' });
  expect(await readDecision(db, bad)).toBeNull();
});
