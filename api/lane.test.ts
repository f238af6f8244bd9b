import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Problem } from './errors.js';
import { Lane } from './lane.js';

/** Work that ends when it is told to. */
function task() {
  let finish: () => void = () => undefined;
  const done = new Promise<void>((resolve) => (finish = resolve));
  return { work: () => done, finish };
}

const overloaded = (promise: Promise<unknown>) =>
  expect(promise).rejects.toSatisfy((error) => error instanceof Problem && error.code === 'overloaded');

test('lets in so many at once and the rest in the order in which they came', async () => {
  const lane = new Lane({ atOnce: 2, queue: 10, waitMs: 5_000 });
  const tasks = Array.from({ length: 5 }, task);
  const begun: number[] = [];
  const all = tasks.map(({ work }, n) =>
    lane.run(() => {
      begun.push(n);
      return work();
    }),
  );
  await pause(5);
  expect(begun).toEqual([0, 1]);
  tasks[1]!.finish();
  await pause(5);
  expect(begun).toEqual([0, 1, 2]);
  for (const { finish } of tasks) finish();
  await Promise.all(all);
  expect(begun).toEqual([0, 1, 2, 3, 4]);
});

test('refuses at once what finds the line full, and what failed gives its place back', async () => {
  const lane = new Lane({ atOnce: 1, queue: 1, waitMs: 5_000 });
  const first = task();
  const running = lane.run(first.work);
  const second = lane.run(() => Promise.reject(new Error('a bug')));
  await overloaded(lane.run(() => Promise.resolve()));
  first.finish();
  await running;
  await expect(second).rejects.toThrow('a bug');
  expect(await lane.run(() => Promise.resolve('in'))).toBe('in');
});

test('nobody waits longer than would be answered in time, and a wait that is over takes no place', async () => {
  const lane = new Lane({ atOnce: 1, queue: 1, waitMs: 30 });
  const first = task();
  const running = lane.run(first.work);
  const startedAt = performance.now();
  await overloaded(lane.run(() => Promise.resolve()));
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(25);
  const third = lane.run(() => Promise.resolve('third'));
  first.finish();
  await running;
  expect(await third).toBe('third');
});

test('does nothing for those who have hung up', async () => {
  const lane = new Lane({ atOnce: 1, queue: 5, waitMs: 5_000 });
  const first = task();
  const running = lane.run(first.work);
  let worked = false;
  const gone = lane.run(
    () => {
      worked = true;
      return Promise.resolve();
    },
    () => true,
  );
  const still = lane.run(() => Promise.resolve('still here'));
  first.finish();
  await running;
  await overloaded(gone);
  expect([await still, worked]).toEqual(['still here', false]);
});

test('a long line under steady pressure loses nobody', async () => {
  const lane = new Lane({ atOnce: 3, queue: 10_000, waitMs: 20_000 });
  let [now, most, done] = [0, 0, 0];
  const work = async () => {
    most = Math.max(most, (now += 1));
    await Promise.resolve();
    now -= 1;
    done += 1;
  };
  await Promise.all(Array.from({ length: 10_003 }, () => lane.run(work)));
  expect({ most, done, now }).toEqual({ most: 3, done: 10_003, now: 0 });
});
