import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { useTestDatabase } from '../tests/support/test-db.js';
import { claimRequest, releaseRequest, renewResource, storeAnswer, type RequestKey } from './idempotency.js';

const db = useTestDatabase();

const newKey = (): RequestKey => ({ caller: 'somebody', route: 'POST /x', key: randomUUID() });
const claim = (key: RequestKey, hash = 'hash') => claimRequest(db(), key, hash);
const ANSWER = { status: 201, body: { id: 'one' } };

/** Lets time pass for a key. */
async function pass(key: RequestKey, interval: string): Promise<void> {
  await sql`update idempotency_key set locked_until = locked_until - ${interval}::interval, created_at = created_at - ${interval}::interval where key = ${key.key}`.execute(
    db(),
  );
}

async function mine(key: RequestKey, hash?: string): Promise<string> {
  const claimed = await claim(key, hash);
  if (claimed.state !== 'mine') throw new Error(`expected to hold the key, got ${claimed.state}`);
  return claimed.resourceId;
}

test('of fifty who send the same at once, one carries it out and the others wait for its answer', async () => {
  const key = newKey();
  const claims = await Promise.all(Array.from({ length: 50 }, () => claim(key)));
  expect(claims.filter(({ state }) => state === 'mine')).toHaveLength(1);
  expect(claims.filter(({ state }) => state === 'in_progress')).toHaveLength(49);
  await storeAnswer(db(), key, ANSWER);
  expect(await claim(key)).toMatchObject({ state: 'answered', ...ANSWER });
});

test('another body under the same key is noticed, in flight and answered', async () => {
  const key = newKey();
  await claim(key, 'one');
  expect(await claim(key, 'two')).toEqual({ state: 'reused' });
  await storeAnswer(db(), key, ANSWER);
  expect(await claim(key, 'two')).toEqual({ state: 'reused' });
  expect(await claim(key, 'one')).toMatchObject({ state: 'answered' });
});

test('a key counts per caller and route', async () => {
  const key = newKey();
  const ids = [await mine(key), await mine({ ...key, caller: 'another' }), await mine({ ...key, route: 'POST /y' })];
  expect(new Set(ids).size).toBe(3);
});

describe('a retry meets the resource of the first try', () => {
  test('after a release', async () => {
    const key = newKey();
    const first = await mine(key);
    await releaseRequest(db(), key);
    expect(await mine(key)).toBe(first);
  });

  test('after a process that died with it, once its lock has run out', async () => {
    const key = newKey();
    const first = await mine(key);
    await pass(key, '19 seconds');
    expect(await claim(key)).toEqual({ state: 'in_progress' });
    await pass(key, '1 second');
    expect(await mine(key)).toBe(first);
  });

  test('unless the first can never come to be, and another was minted', async () => {
    const key = newKey();
    const first = await mine(key);
    const second = await renewResource(db(), key);
    expect(second).not.toBe(first);
    await releaseRequest(db(), key);
    expect(await mine(key)).toBe(second);
  });
});

test('an answer is stored once: neither a second one nor a release takes it back', async () => {
  const key = newKey();
  await mine(key);
  await storeAnswer(db(), key, ANSWER);
  await storeAnswer(db(), key, { status: 409, body: { code: 'late' } });
  await releaseRequest(db(), key);
  expect(await claim(key)).toMatchObject({ state: 'answered', ...ANSWER });
});

test('after a day a key starts anew, with another resource and any body', async () => {
  const key = newKey();
  const first = await mine(key);
  await storeAnswer(db(), key, ANSWER);
  await pass(key, '23 hours 59 minutes');
  expect(await claim(key)).toMatchObject({ state: 'answered', resourceId: first });
  await pass(key, '1 minute');
  expect(await mine(key, 'another')).not.toBe(first);
  expect(await claim(key, 'another')).toEqual({ state: 'in_progress' });
});
