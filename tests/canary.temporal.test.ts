import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startHaunted, type Haunted } from './canary/haunted.js';
import { liveAll } from './canary/lives.js';
import { wholeDatabase, wholeHistories } from './canary/places.js';

/**
 * Marked data goes through every personal field and lives through what a service meets; then everything that is kept is
 * searched for the marks: histories, search attributes and memos, logs of real processes, every row, vendors' calls.
 */

let haunted: Haunted;
beforeAll(async () => {
  haunted = await startHaunted(inject('temporalAddress'), inject('workflowBundle'));
  await liveAll(haunted);
}, 120_000);
afterAll(() => haunted.close());

/** Which marks are in a text; encodings in which they might hide are undone. */
function found(text: string, marks: readonly string[]): string[] {
  const lower = [text, decodeURIComponentSafe(text)].join('\n').toLowerCase();
  return marks.filter((mark) => lower.includes(mark.toLowerCase()));
}

function decodeURIComponentSafe(text: string): string {
  return text.replaceAll(/(?:%[0-9A-F]{2})+/gi, (escaped) => {
    try {
      return decodeURIComponent(escaped);
    } catch {
      return escaped;
    }
  });
}

test('the marks are really there: people, notes and reviews read them back', async () => {
  expect(await haunted.readBack()).toEqual(haunted.marks.toSorted());
});

test('histories, search attributes and memos hold none of them', async () => {
  const { text, workflows } = await wholeHistories(haunted);
  expect(workflows).toBeGreaterThanOrEqual(6);
  expect(text).toContain('paymentSettled');
  expect(found(text, [...haunted.marks, ...haunted.settings])).toEqual([]);
});

test('the logs of worker and API hold none of them, nor a token', () => {
  const text = haunted.logs().join('\n');
  expect(text).toContain('"msg":"request"');
  expect(text).toContain('a notification was not taken');
  expect(found(text, [...haunted.marks, ...haunted.settings, 'eyJ'])).toEqual([]);
});

test('no row of any table holds one in clear; locale and zone are the person’s own columns alone', async () => {
  const tables = await wholeDatabase(haunted.db);
  expect(Object.keys(tables).length).toBeGreaterThan(25);
  const where = Object.entries(tables).flatMap(([table, text]) =>
    found(text, haunted.marks).map((mark) => `${table}: ${mark}`),
  );
  expect(where).toEqual([]);
  const settings = Object.entries(tables).filter(([, text]) => found(text, haunted.settings).length > 0);
  expect(settings.map(([table]) => table)).toEqual(['person']);
});

describe('vendors', () => {
  test('are told none of them, but for the number that an SMS goes to and the zone that its time is in', () => {
    const calls = haunted.sandbox.control.calls();
    expect(new Set(calls.map(({ provider }) => provider))).toEqual(new Set(['stripe', 'razorpay', 'twilio']));
    for (const call of calls) {
      const text = JSON.stringify([call.path, call.body]);
      const isSms = call.provider === 'twilio' && call.path.includes('/Messages');
      const allowed = isSms ? [...haunted.phones, ...haunted.settings] : [];
      expect(found(text, [...haunted.marks, ...haunted.settings]).filter((mark) => !allowed.includes(mark))).toEqual(
        [],
      );
    }
    expect(calls.some(({ path }) => path.includes('/Messages'))).toBe(true);
  });

  test('a mail has its reader’s address and first line alone', () => {
    const mails = haunted.sandbox.control.mail();
    expect(mails.length).toBeGreaterThan(10);
    for (const mail of mails) {
      const own = haunted.ownOf(mail.to[0]!);
      const others = haunted.marks.filter((mark) => !own.includes(mark));
      expect(found(JSON.stringify(mail), others)).toEqual([]);
      expect(found([mail.subject, ...mail.calendars].join('\n'), haunted.names)).toEqual([]);
    }
  });
});

test('a mark that is put somewhere would be found: the search finds a planted one in each place', async () => {
  const [mark] = haunted.marks;
  await haunted.db.updateTable('refund').set({ failureCode: mark! }).execute();
  const tables = await wholeDatabase(haunted.db);
  expect(found(tables['refund']!, haunted.marks)).toEqual([mark]);
  await haunted.temporal.workflow.start('reconcile', {
    workflowId: `planted-${mark}`,
    taskQueue: haunted.taskQueue,
    args: [{ planted: mark }],
  });
  const { text } = await wholeHistories(haunted);
  expect(found(text, haunted.marks)).toEqual([mark]);
});
