import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  bookAppointment,
  DAY_MS,
  makeParties,
  MINUTE_MS,
  passTime,
  passUntilStart,
  recordOf,
  type Parties,
} from '../tests/support/appointments.js';
import { useTestDatabase } from '../tests/support/test-db.js';
import type { MessageEvent } from '../domain/events.js';
import type { Actor } from '../domain/types.js';
import { commitAppointment, type CommitRequest } from './commit.js';
import { joinSession } from './joins.js';
import { storeMessage } from './messages.js';
import { payByWallet } from './payment-requests.js';
import { recordConnections } from './rooms.js';
import { readTimeline } from './timeline.js';

const db = useTestDatabase();

const adminOf = ({ admin }: Parties): Actor => ({ role: 'admin', id: admin.id });
const request = (kind: MessageEvent, actor: Actor, id = randomUUID()): CommitRequest => ({ id, kind, actor });

async function pay(id: string): Promise<void> {
  await payByWallet(db(), id);
  await commitAppointment(db(), id);
}

async function activate(id: string, parties: Parties): Promise<string> {
  return storeMessage(db(), { appointmentId: id, kind: 'activate', actor: adminOf(parties), signal: true });
}

/** Booked, paid and activated. */
async function approved(): Promise<{ parties: Parties; id: string }> {
  const parties = await makeParties(db());
  const id = await bookAppointment(db(), parties);
  await pay(id);
  await activate(id, parties);
  await commitAppointment(db(), id);
  return { parties, id };
}

async function kindsOf(id: string): Promise<string[]> {
  return (await readTimeline(db(), id)).map(({ kind, detail }) =>
    'refused' in detail ? `${kind}: ${String(detail['refused'])}` : kind,
  );
}

/** Who is told what, one line a recipient, with rows that were voided marked. */
async function toldOf(id: string): Promise<string[]> {
  const rows = await db()
    .selectFrom('notification')
    .where('appointmentId', '=', id)
    .where('channel', '=', 'in_app')
    .select(['kind', 'recipientRole', 'status'])
    .execute();
  return rows
    .map(({ kind, recipientRole, status }) => `${kind} -> ${recipientRole}${status === 'voided' ? ' (voided)' : ''}`)
    .sort();
}

/** Everything that a commit may write. */
async function everything(id: string): Promise<unknown> {
  const row = await db().selectFrom('appointment').where('id', '=', id).selectAll().executeTakeFirstOrThrow();
  const ledger = await db()
    .selectFrom('ledgerTransaction')
    .where('appointmentId', '=', id)
    .selectAll()
    .orderBy('id')
    .execute();
  const notifications = await db()
    .selectFrom('notification')
    .where('appointmentId', '=', id)
    .selectAll()
    .orderBy('id')
    .execute();
  const messages = await db().selectFrom('message').where('appointmentId', '=', id).selectAll().orderBy('id').execute();
  return { row, ledger, notifications, messages, timeline: await readTimeline(db(), id) };
}

async function expectRepeatsToChangeNothing(id: string): Promise<void> {
  const before = await everything(id);
  await commitAppointment(db(), id);
  await commitAppointment(db(), id);
  expect(await everything(id)).toEqual(before);
}

async function comeBoth(id: string, { client, therapist }: Parties): Promise<void> {
  await joinSession(db(), id, 'client', client.id);
  await joinSession(db(), id, 'therapist', therapist.id);
  const connectedAt = new Date((await recordOf(db(), id)).client.joinedAt!);
  const connections = (['client', 'therapist'] as const).map((participant) => ({
    participantSid: `PA-${participant}-${id}`,
    participant,
    identity: `${participant}-1`,
    connectedAt,
    disconnectedAt: null,
  }));
  await recordConnections(db(), id, connections);
}

describe('a whole life without a worker in between', () => {
  test('each transition writes its row, its timeline, its money and its notifications together', async () => {
    const { parties, id } = await approved();
    expect(await recordOf(db(), id)).toMatchObject({
      status: 'scheduled',
      hold: 'held',
      payment: { status: 'completed', method: 'wallet' },
    });
    expect(await kindsOf(id)).toEqual(['booked', 'payment_settled', 'activate']);

    await passUntilStart(db(), id, -15 * MINUTE_MS);
    const reminded = await commitAppointment(db(), id);
    expect(reminded).toMatchObject({ record: { status: 'scheduled' }, next: { event: 'opening_due' }, needs: null });

    await passUntilStart(db(), id, -5 * MINUTE_MS);
    const opened = await commitAppointment(db(), id);
    expect(opened).toMatchObject({ record: { status: 'confirmed' }, next: { event: 'duration_over' } });
    expect(opened!.version).toBe(reminded!.version + 1);

    await comeBoth(id, parties);
    expect(await commitAppointment(db(), id)).toMatchObject({ record: { status: 'in_progress' } });

    await passUntilStart(db(), id, 60 * MINUTE_MS);
    expect(await commitAppointment(db(), id)).toMatchObject({
      record: { status: 'completed', outcome: { reason: 'duration_over', by: 'system' } },
      next: null,
    });

    expect(await kindsOf(id)).toEqual([
      'booked',
      'payment_settled',
      'activate',
      'reminder_due',
      'opening_due',
      'join',
      'join',
      'duration_over',
    ]);
    expect(await recordOf(db(), id)).toMatchObject({ hold: 'settled' });
    expect(await toldOf(id)).toEqual([
      'approval_pending -> therapist (voided)',
      'approved -> client (voided)',
      'approved -> therapist (voided)',
      'booking_made -> client',
      'completed -> client',
      'completed -> therapist',
      'payment_received -> client',
      't15 -> admin (voided)',
      't15 -> client (voided)',
      't15 -> therapist (voided)',
      't5 -> client (voided)',
      't5 -> therapist (voided)',
    ]);
    await expectRepeatsToChangeNothing(id);
  });

  test('a worker that was away all the time commits the same, with each due time', async () => {
    const { parties, id } = await approved();
    await passUntilStart(db(), id, -5 * MINUTE_MS);
    await comeBoth(id, parties);
    await passUntilStart(db(), id, 61 * MINUTE_MS);
    await commitAppointment(db(), id);
    const { startsAt, status } = await recordOf(db(), id);
    expect(status).toBe('completed');
    const due = new Map((await readTimeline(db(), id)).map((entry) => [entry.kind, entry.due?.getTime()]));
    expect(due.get('reminder_due')).toBe(startsAt - 15 * MINUTE_MS);
    expect(due.get('opening_due')).toBe(startsAt - 5 * MINUTE_MS);
    expect(due.get('duration_over')).toBe(startsAt + 60 * MINUTE_MS);
  });

  test('twenty commits at once are one', async () => {
    const { id } = await approved();
    await passUntilStart(db(), id, -5 * MINUTE_MS);
    const { version } = (await commitAppointment(db(), id))!;
    await passUntilStart(db(), id, 60 * MINUTE_MS);
    const answers = await Promise.all(Array.from({ length: 20 }, () => commitAppointment(db(), id)));
    for (const answer of answers) expect(answer).toMatchObject({ record: { status: 'no_show' }, version: version + 1 });
    expect((await kindsOf(id)).filter((kind) => kind === 'duration_over')).toHaveLength(1);
  });

  test('there is nothing to commit of an appointment that is not there', async () => {
    expect(await commitAppointment(db(), randomUUID())).toBeNull();
  });
});

describe('expiry', () => {
  test('unpaid: the booking expires, the client is told, the slot is free', async () => {
    const parties = await makeParties(db());
    const id = await bookAppointment(db(), parties);
    await passTime(db(), id, 30 * MINUTE_MS);
    expect(await commitAppointment(db(), id)).toMatchObject({
      record: { status: 'expired', outcome: { reason: 'payment', by: 'system' } },
    });
    expect(await toldOf(id)).toEqual(['booking_made -> client', 'expired_payment -> client']);
    await expectRepeatsToChangeNothing(id);
    const { startsAt } = await recordOf(db(), id);
    await bookAppointment(db(), parties, { startsAt });
  });

  test('not activated: the hold is voided and both are told', async () => {
    const parties = await makeParties(db());
    const id = await bookAppointment(db(), parties);
    await pay(id);
    await passUntilStart(db(), id, 10 * MINUTE_MS);
    await commitAppointment(db(), id);
    expect(await recordOf(db(), id)).toMatchObject({
      status: 'expired',
      outcome: { reason: 'activation' },
      hold: 'voided',
      payment: { status: 'refunded' },
    });
    expect(await toldOf(id)).toEqual(
      expect.arrayContaining(['expired_activation -> client', 'expired_activation -> therapist']),
    );
    await expectRepeatsToChangeNothing(id);
  });

  test.each([
    ['before the deadline wins although it is worked off after it', -1_000, 'confirmed', ['activate']],
    ['after it has lost', 1_000, 'expired', ['activation_window_over', 'activate: already_over']],
  ])('an activation stored %s', async (_, offset, status, expected) => {
    const parties = await makeParties(db());
    const id = await bookAppointment(db(), parties);
    await pay(id);
    await passUntilStart(db(), id, 10 * MINUTE_MS + offset);
    await activate(id, parties);
    await passTime(db(), id, 5 * MINUTE_MS);
    await commitAppointment(db(), id);
    expect(await recordOf(db(), id)).toMatchObject({ status });
    expect((await kindsOf(id)).slice(4)).toEqual(expected);
  });
});

describe('requests', () => {
  test('a repeated request gets its first decision and changes nothing', async () => {
    const { parties, id } = await approved();
    await passUntilStart(db(), id, -1_000);
    await comeBoth(id, parties);
    await passUntilStart(db(), id, 1_000);
    const end = request('end', { role: 'client', id: parties.client.id });
    const first = await commitAppointment(db(), id, end);
    expect(first).toMatchObject({
      decision: { ok: true },
      record: { status: 'completed', outcome: { reason: 'ended_by_party', by: 'client' } },
    });
    const before = await everything(id);
    expect(await commitAppointment(db(), id, end)).toMatchObject({
      decision: { ok: true },
      record: { status: 'completed' },
      version: first!.version,
    });
    expect(await everything(id)).toEqual(before);
    expect(await commitAppointment(db(), id, request('end', end.actor))).toMatchObject({
      decision: { ok: false, code: 'already_over' },
    });
  });

  test('a refusal stands in the timeline, and nothing else changes', async () => {
    const parties = await makeParties(db());
    const id = await bookAppointment(db(), parties);
    const before = await recordOf(db(), id);
    const force = request('force_confirm', adminOf(parties));
    for (let times = 0; times < 2; times += 1) {
      expect(await commitAppointment(db(), id, force)).toMatchObject({
        decision: { ok: false, code: 'payment_required' },
        version: 1,
      });
    }
    expect(await recordOf(db(), id)).toEqual(before);
    expect(await kindsOf(id)).toEqual(['booked', 'force_confirm: payment_required']);
  });

  test('an activation of an unpaid one is refused, and its reason is kept', async () => {
    const parties = await makeParties(db());
    const id = await bookAppointment(db(), parties);
    await storeMessage(db(), {
      appointmentId: id,
      kind: 'activate',
      actor: adminOf(parties),
      payload: { reason: 'hurry' },
      signal: true,
    });
    const committed = await commitAppointment(db(), id);
    expect(committed!.decided).toMatchObject([{ decision: { ok: false, code: 'payment_required' } }]);
    expect((await readTimeline(db(), id)).at(-1)).toMatchObject({
      kind: 'activate',
      actorRole: 'admin',
      detail: { refused: 'payment_required', reason: 'hurry' },
    });
  });

  test('the end by one who waited alone waits for the room’s record', async () => {
    const { parties, id } = await approved();
    await passUntilStart(db(), id, 20 * MINUTE_MS);
    await joinSession(db(), id, 'client', parties.client.id);
    await recordConnections(db(), id, [
      {
        participantSid: `PA-${id}`,
        participant: 'client',
        identity: 'client-1',
        connectedAt: new Date(),
        disconnectedAt: null,
      },
    ]);
    await db().insertInto('room').values({ appointmentId: id, mode: 'video', sid: 'RM1', status: 'alive' }).execute();
    const end = request('end', { role: 'client', id: parties.client.id });
    expect(await commitAppointment(db(), id, end)).toMatchObject({
      needs: 'attendance',
      decision: null,
      record: { status: 'in_progress' },
    });
    await db()
      .updateTable('appointment')
      .set({ attendanceReadAt: new Date(Date.now() + MINUTE_MS) })
      .where('id', '=', id)
      .execute();
    expect(await commitAppointment(db(), id, end)).toMatchObject({
      needs: null,
      decision: { ok: true },
      record: { status: 'no_show', outcome: { reason: 'therapist_absent' } },
    });
  });
});

describe('approval, taken back and forced', () => {
  test('given again after it was taken back unsent, it is told again', async () => {
    const { parties, id } = await approved();
    await commitAppointment(db(), id, request('deactivate', adminOf(parties)));
    await db()
      .updateTable('notification')
      .set({ status: 'skipped' })
      .where('appointmentId', '=', id)
      .where('kind', '=', 'approved')
      .execute();
    await activate(id, parties);
    await commitAppointment(db(), id);
    const rows = await db()
      .selectFrom('notification')
      .where('appointmentId', '=', id)
      .where('kind', '=', 'approved')
      .where('status', '<>', 'skipped')
      .select('status')
      .execute();
    expect(rows).toEqual([{ status: 'pending' }, { status: 'pending' }, { status: 'pending' }, { status: 'pending' }]);
  });

  test('forced after it was activated, both are told that it is open', async () => {
    const { parties, id } = await approved();
    await commitAppointment(db(), id, request('force_confirm', adminOf(parties)));
    expect(await recordOf(db(), id)).toMatchObject({ status: 'confirmed' });
    expect(await toldOf(id)).toEqual(
      expect.arrayContaining(['approved -> client (voided)', 'opened_early -> client', 'opened_early -> therapist']),
    );
    const at = (await recordOf(db(), id)).startsAt;
    expect(at).toBeGreaterThan(Date.now() + DAY_MS - 5 * MINUTE_MS);
    await joinSession(db(), id, 'client', parties.client.id);
  });
});
