import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { beforeAll, describe, expect, test } from 'vitest';
import { buffersOf } from '../domain/availability.js';
import type { DayHours, HoursByDate, WeeklyHours } from '../domain/hours.js';
import { DAY_MS, offsetSpans } from '../domain/local-time.js';
import { bookableStarts } from '../domain/slots.js';
import type { ActorRole } from '../domain/types.js';
import { bookAppointment, makeParties, MINUTE_MS, recordOf, tryBooking } from '../tests/support/appointments.js';
import { makeClient } from '../tests/support/people.js';
import { useTestDatabase } from '../tests/support/test-db.js';
import { loadSettings, readAvailability, saveSettings, type AvailabilitySettings } from './availability.js';
import { databaseNow } from './clock.js';
import { commitAppointment } from './commit.js';
import { takenSlots } from './slots.js';

const db = useTestDatabase();

const HOUR_MS = 60 * MINUTE_MS;
const STEP_MS = 15 * MINUTE_MS;
type Parties = Awaited<ReturnType<typeof makeParties>>;

const SETTINGS: AvailabilitySettings = {
  weeklyHours: null,
  exceptions: {},
  bufferBeforeMinutes: 0,
  bufferAfterMinutes: 10,
  minimumNoticeMinutes: 0,
};

/** Parties whose therapist has this zone and these settings. */
async function partiesIn(timeZone: string, changes: Partial<AvailabilitySettings>): Promise<Parties> {
  const parties = await makeParties(db());
  const { id } = parties.therapist;
  await db().updateTable('person').set({ timeZone }).where('id', '=', id).execute();
  await saveSettings(db(), id, { ...SETTINGS, ...changes }, () => true);
  return parties;
}

/** What the list of slots offers of an hour between two instants, as the route reads it. */
async function offered(therapistId: string, from: number, to: number, now: number): Promise<number[]> {
  const availability = await readAvailability(db(), therapistId);
  const taken = await takenSlots(db(), therapistId, from - 4 * HOUR_MS, to + 4 * HOUR_MS);
  const search = { from, to, now, durationMinutes: 60, minuteMs: MINUTE_MS, taken, limit: 1_000 };
  return bookableStarts(availability, search);
}

const quarters = (from: number, to: number): number[] =>
  Array.from({ length: (to - from) / STEP_MS }, (_, n) => from + n * STEP_MS);

async function cancelled(appointmentId: string): Promise<void> {
  const over = { status: 'cancelled', outcomeReason: 'cancelled' } as const;
  await db().updateTable('appointment').set(over).where('id', '=', appointmentId).execute();
}

async function reschedule(id: string, startsAt: number, role: ActorRole, actorId: string) {
  const request = {
    id: randomUUID(),
    kind: 'reschedule',
    actor: { role, id: actorId },
    payload: { startsAt },
  } as const;
  return (await commitAppointment(db(), id, request))!.decision;
}

/** The next two changes of a zone's clocks that are more than a week away, by where they are read. */
function nextChanges(timeZone: string, now: number): number[] {
  const from = Math.ceil((now + 7 * DAY_MS) / DAY_MS) * DAY_MS;
  return offsetSpans(timeZone, from, from + 370 * DAY_MS)
    .slice(1, 3)
    .map((span) => span.from);
}

const NIGHT: DayHours = [
  ['00:00', '04:10'],
  ['22:20', '24:00'],
];
const NIGHTS: WeeklyHours = { 1: NIGHT, 2: NIGHT, 3: NIGHT, 4: NIGHT, 5: NIGHT, 6: NIGHT, 7: NIGHT };

describe.each([['Europe/Berlin'], ['America/New_York'], ['Australia/Lord_Howe']])('%s, around both changes', (zone) => {
  let windows: [from: number, to: number][];
  beforeAll(async () => {
    const midnight = (change: number) => Math.floor(change / DAY_MS) * DAY_MS;
    const changes = nextChanges(zone, await databaseNow(db()));
    windows = changes.map((change) => [midnight(change) - DAY_MS / 2, midnight(change) + 1.5 * DAY_MS]);
    expect(windows).toHaveLength(2);
  });

  /** Two sessions of somebody else, in the way. */
  async function fill(parties: Parties, from: number): Promise<void> {
    const client = await makeClient(db());
    for (const hours of [14.25, 18]) {
      const open = await offered(parties.therapist.id, from + hours * HOUR_MS, from + 48 * HOUR_MS, 0);
      await bookAppointment(db(), { ...parties, client }, { startsAt: open[0]! });
    }
  }

  test('what is offered is booked, and what is not is refused: every quarter of an hour', async () => {
    for (const [from, to] of windows) {
      const buffers = { bufferBeforeMinutes: 5, bufferAfterMinutes: 10 };
      const parties = await partiesIn(zone, { weeklyHours: NIGHTS, ...buffers });
      await fill(parties, from);
      const slots = await offered(parties.therapist.id, from, to, await databaseNow(db()));
      const booked: number[] = [];
      for (const startsAt of quarters(from, to)) {
        const result = await tryBooking(db(), parties, { startsAt });
        if (!result.booked) expect(['outside_hours', 'slot_taken']).toContain(result.code);
        else {
          booked.push(startsAt);
          await cancelled(result.loaded.record.id);
        }
      }
      expect(slots.length).toBeGreaterThan(10);
      expect(booked.map((ms) => new Date(ms))).toEqual(slots.map((ms) => new Date(ms)));
    }
  });

  test('and a session is moved to what is offered, and to nothing else', async () => {
    for (const [from, to] of windows) {
      const parties = await partiesIn(zone, { weeklyHours: NIGHTS, bufferBeforeMinutes: 5 });
      await fill(parties, from);
      const slots = await offered(parties.therapist.id, from, to, await databaseNow(db()));
      const [elsewhere] = await offered(parties.therapist.id, from + 20 * DAY_MS, to + 20 * DAY_MS, 0);
      const id = await bookAppointment(db(), parties, { startsAt: elsewhere! });
      const moved: number[] = [];
      for (const startsAt of quarters(from, to)) {
        const decision = await reschedule(id, startsAt, 'admin', parties.admin.id);
        if (decision?.ok !== true) expect(['outside_hours', 'slot_taken']).toContain(decision?.code);
        else moved.push(startsAt);
      }
      expect(moved).toEqual(slots);
    }
  });
});

describe('buffers', () => {
  test('before and after are both kept between two sessions, by the list and by the booking', async () => {
    const parties = await partiesIn('UTC', { bufferBeforeMinutes: 20, bufferAfterMinutes: 10 });
    const startsAt = Math.ceil(((await databaseNow(db())) + DAY_MS) / HOUR_MS) * HOUR_MS;
    await bookAppointment(db(), parties, { startsAt });
    const around = await offered(parties.therapist.id, startsAt - 2 * HOUR_MS, startsAt + 2 * HOUR_MS, 0);
    expect(around.map((start) => (start - startsAt) / MINUTE_MS)).toEqual([-120, -105, -90, 90, 105]);
    const client = await makeClient(db());
    const at = (minutes: number) =>
      tryBooking(db(), { ...parties, client }, { startsAt: startsAt + minutes * MINUTE_MS });
    for (const minutes of [-89, 89]) expect(await at(minutes)).toEqual({ booked: false, code: 'slot_taken' });
    for (const minutes of [-90, 90]) expect(await at(minutes)).toMatchObject({ booked: true });
  });

  test('of a move are the longer of today’s and the booked ones; the booked ones stay the appointment’s', async () => {
    const parties = await partiesIn('UTC', { bufferAfterMinutes: 10 });
    const startsAt = (await databaseNow(db())) + 3 * DAY_MS;
    const id = await bookAppointment(db(), parties, { startsAt });
    const client = await makeClient(db());
    await bookAppointment(db(), { ...parties, client }, { startsAt: startsAt + 4 * HOUR_MS });
    await saveSettings(db(), parties.therapist.id, { ...SETTINGS, bufferAfterMinutes: 30 }, () => true);
    const to = (minutes: number) => reschedule(id, startsAt + minutes * MINUTE_MS, 'client', parties.client.id);
    expect(await to(151)).toEqual({ ok: false, code: 'slot_taken' });
    expect(await to(150)).toEqual({ ok: true });
    const { policy } = await recordOf(db(), id);
    expect(buffersOf(policy)).toEqual({ bufferBeforeMs: 0, bufferAfterMs: 10 * MINUTE_MS });
    await saveSettings(db(), parties.therapist.id, { ...SETTINGS, bufferAfterMinutes: 0 }, () => true);
    expect(await to(171)).toEqual({ ok: false, code: 'slot_taken' });
    expect(await to(170)).toEqual({ ok: true });
  });
});

describe('the minimum notice', () => {
  const DAYS: Partial<AvailabilitySettings> = { minimumNoticeMinutes: 2 * 24 * 60 };

  test('is too_late for bookings, and leaves the slots after it', async () => {
    const parties = await partiesIn('Europe/Berlin', DAYS);
    const now = await databaseNow(db());
    expect(await tryBooking(db(), parties, { startsAt: now + 2 * DAY_MS - 1 })).toEqual({
      booked: false,
      code: 'too_late',
    });
    expect(await tryBooking(db(), parties, { inMs: 2 * DAY_MS + MINUTE_MS })).toMatchObject({ booked: true });
    const [first] = await offered((await partiesIn('Europe/Berlin', DAYS)).therapist.id, now, now + 5 * DAY_MS, now);
    expect(first).toBe(Math.ceil((now + 2 * DAY_MS) / STEP_MS) * STEP_MS);
  });

  test('binds the client who moves a session, and not an admin', async () => {
    const parties = await partiesIn('UTC', DAYS);
    const startsAt = (await databaseNow(db())) + 4 * DAY_MS;
    const id = await bookAppointment(db(), parties, { startsAt });
    const sooner = startsAt - 3 * DAY_MS;
    expect(await reschedule(id, sooner, 'client', parties.client.id)).toEqual({ ok: false, code: 'too_late' });
    expect(await reschedule(id, startsAt - DAY_MS, 'client', parties.client.id)).toEqual({ ok: true });
    expect(await reschedule(id, sooner, 'admin', parties.admin.id)).toEqual({ ok: true });
  });
});

test.each([8_640_000_000_000_000, Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER])(
  'a start that no calendar holds (%d) is refused, to be booked and to be moved to',
  async (startsAt) => {
    const parties = await makeParties(db());
    const refused = startsAt < 0 ? 'too_late' : 'outside_hours';
    expect(await tryBooking(db(), parties, { startsAt })).toEqual({ booked: false, code: refused });
    const id = await bookAppointment(db(), parties, { inMs: 3 * DAY_MS });
    expect(await reschedule(id, startsAt, 'client', parties.client.id)).toEqual({ ok: false, code: refused });
  },
);

describe('a change of availability', () => {
  const closed: AvailabilitySettings = {
    weeklyHours: {},
    exceptions: {},
    bufferBeforeMinutes: 60,
    bufferAfterMinutes: 60,
    minimumNoticeMinutes: 10_000,
  };

  test('moves and cancels nothing that is booked: the row stays to the letter, and is lived as before', async () => {
    const parties = await partiesIn('Europe/Berlin', {});
    const startsAt = (await databaseNow(db())) + 3 * DAY_MS;
    const first = await bookAppointment(db(), parties, { startsAt });
    const second = await bookAppointment(db(), parties, { startsAt: startsAt + 70 * MINUTE_MS });
    const rows = () =>
      db().selectFrom('appointment').where('id', 'in', [first, second]).selectAll().orderBy('startsAt').execute();
    const before = await rows();
    const saved = await saveSettings(db(), parties.therapist.id, closed, () => true);
    expect(saved).toMatchObject({ isCurrent: true });
    expect(await rows()).toEqual(before);
    // A commit writes the slot anew: by the booked buffers, so that it meets no neighbour.
    const activated = { id: randomUUID(), kind: 'activate', actor: { role: 'admin', id: parties.admin.id } } as const;
    await db().updateTable('appointment').set({ paidAt: new Date() }).where('id', '=', second).execute();
    expect((await commitAppointment(db(), second, activated))!.decision).toEqual({ ok: true });
    const after = await rows();
    expect(after.map(({ slot, startsAt: at, policy }) => ({ slot, at, policy }))).toEqual(
      before.map(({ slot, startsAt: at, policy }) => ({ slot, at, policy })),
    );
    expect(await tryBooking(db(), parties, { inMs: 20 * DAY_MS })).toMatchObject({ booked: false });
  });

  test('is stored whole and counted; the same again changes nothing, in whatever order it is written', async () => {
    const { therapist } = await partiesIn('Asia/Kolkata', {});
    const exceptions: HoursByDate = { '2027-01-02': [], '2027-01-01': [['10:00', '11:00']] };
    const wanted = { ...closed, weeklyHours: { 2: [['09:00', '10:00']] } as WeeklyHours, exceptions };
    const save = (settings: AvailabilitySettings) => saveSettings(db(), therapist.id, settings, () => true);
    const { version } = (await loadSettings(db(), therapist.id))!;
    expect((await save(wanted))!.stored).toEqual({ version: version + 1, timeZone: 'Asia/Kolkata', settings: wanted });
    expect(await loadSettings(db(), therapist.id)).toEqual((await save(wanted))!.stored);
    const turned = { '2027-01-01': exceptions['2027-01-01']!, '2027-01-02': [] };
    const again = { ...wanted, weeklyHours: { 1: [], ...wanted.weeklyHours }, exceptions: turned };
    expect((await save(again))!.stored.version).toBe(version + 1);
    expect((await save(SETTINGS))!.stored.version).toBe(version + 2);
  });

  test('by ten editors of one version at once is made once', async () => {
    const { therapist } = await partiesIn('UTC', {});
    const { version } = (await loadSettings(db(), therapist.id))!;
    const edit = (n: number) => {
      const settings = { ...SETTINGS, minimumNoticeMinutes: n + 1 };
      return saveSettings(db(), therapist.id, settings, (stored) => stored.version === version);
    };
    // Somebody else holds the row until all of them wait for it, so that none is over before another begins.
    const waiting = sql<{ count: number }>`
      select count(*)::int from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    const edits = await db()
      .transaction()
      .execute(async (trx) => {
        await sql`select 1 from therapist where id = ${therapist.id} for update`.execute(trx);
        const begun = Array.from({ length: 10 }, (_, n) => edit(n));
        await expect.poll(async () => (await waiting.execute(db())).rows[0]!.count).toBe(10);
        return { begun };
      });
    const results = await Promise.all(edits.begun);
    const winners = results.flatMap((result, n) => (result!.isCurrent ? [n] : []));
    expect(winners).toHaveLength(1);
    expect(await loadSettings(db(), therapist.id)).toMatchObject({
      version: version + 1,
      settings: { minimumNoticeMinutes: winners[0]! + 1 },
    });
  });

  test('leaves the rest of the policy alone, and is nobody’s who is no therapist', async () => {
    const { therapist, client } = await makeParties(db(), { platformFeeBps: 1_234 });
    await saveSettings(db(), therapist.id, closed, () => true);
    const { policy } = await db()
      .selectFrom('therapist')
      .where('id', '=', therapist.id)
      .select('policy')
      .executeTakeFirstOrThrow();
    expect(policy).toMatchObject({
      platformFeeBps: 1_234,
      minuteMs: MINUTE_MS,
      bufferMinutes: 60,
      bufferBeforeMinutes: 60,
    });
    expect(await loadSettings(db(), client.id)).toBeNull();
    expect(await saveSettings(db(), client.id, closed, () => true)).toBeNull();
  });
});
