import { decryptField } from '../../db/field-encryption.js';
import { readTimeline } from '../../db/timeline.js';
import * as steps from '../support/steps.js';
import type { GatedWorld } from './gated-world.js';
import type { Expected, Parties } from './life.js';
import type { Led } from './wave.js';

/** What a life had too much of, and what it lacks. */
export interface Findings {
  doubled: string[];
  lost: string[];
}

const ENDS_WITHIN_MS = 60_000;
/** A mail whose taking was not answered is sent once more, under the same Message-ID. */
const MOST_MAILS = 2;

function count(list: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const one of list) counts.set(one, (counts.get(one) ?? 0) + 1);
  return counts;
}

function compare(what: string, seen: readonly string[], wanted: readonly string[], { doubled, lost }: Findings): void {
  const [has, wants] = [count(seen), count(wanted)];
  for (const one of new Set([...seen, ...wanted])) {
    const surplus = (has.get(one) ?? 0) - (wants.get(one) ?? 0);
    if (surplus > 0) doubled.push(`${what} ${one}`);
    if (surplus < 0) lost.push(`${what} ${one}`);
  }
}

async function money(world: GatedWorld, parties: Parties, expected: Expected, findings: Findings): Promise<void> {
  const seen = await steps.balances(world, parties.client, parties.therapist);
  const wallet = seen['client_wallet'] ?? 0;
  const held = seen['client_wallet_held'] ?? 0;
  const earned = seen['therapist_payable'] ?? 0;
  const { wallet: wanted = wallet, earned: due = earned } = expected;
  if (wallet < wanted || earned > due) findings.doubled.push(`money: wallet ${wallet}, earned ${earned}`);
  else if (wallet !== wanted || earned !== due) findings.lost.push(`money: wallet ${wallet}, earned ${earned}`);
  if (held !== 0) findings.lost.push(`money: ${held} still held`);
}

/** What a transition would have told, had it not been written together with the end: nobody is reminded of the past. */
const TOLD_BY: Record<string, readonly string[]> = {
  payment_settled: ['approval_pending'],
  activate: ['approved'],
  force_confirm: ['opened_early'],
  reminder_due: ['t15', 't5'],
  opening_due: ['t5'],
};
/** Entries of one transaction are written within so many milliseconds. */
const TOGETHER_MS = 100;

/** Kinds that had lost their meaning before anybody came to them. */
async function withoutMeaning(world: GatedWorld, id: string): Promise<Set<string>> {
  const timeline = await readTimeline(world.db, id);
  const { status } = await steps.stored(world, id);
  const end = timeline.find(({ detail }) => detail['status'] === status);
  return new Set(
    timeline
      .filter(({ at }) => end !== undefined && Math.abs(end.at.getTime() - at.getTime()) < TOGETHER_MS)
      .flatMap(({ kind }) => TOLD_BY[kind] ?? []),
  );
}

/** Who was told what: every row has come to its end, and each that was sent reached its vendor once. */
async function notifications(world: GatedWorld, id: string, expected: Expected, findings: Findings): Promise<void> {
  const rows = await world.db
    .selectFrom('notification as n')
    .innerJoin('person as p', 'p.id', 'n.recipientId')
    .where('appointmentId', '=', id)
    .select(['n.id', 'n.kind', 'n.status', 'n.channel', 'n.providerRef', 'n.recipientId', 'p.phone', 'p.role'])
    .execute();
  const kinds = new Set<string>(rows.map(({ kind }) => kind));
  const untold = await withoutMeaning(world, id);
  compare(
    'notification',
    [...kinds],
    (expected.told ?? []).filter((kind) => kinds.has(kind) || !untold.has(kind)),
    findings,
  );
  for (const { kind, channel, status } of rows) {
    if (!['sent', 'skipped', 'voided'].includes(status)) findings.lost.push(`${channel} ${kind} is ${status}`);
  }
  const sent = rows.filter(({ status }) => status === 'sent');
  const phones = new Set(
    rows.flatMap(({ phone, recipientId, role }) =>
      phone === null || role === 'admin' ? [] : [decryptField(world.db, 'person.phone', recipientId, phone)],
    ),
  );
  const sms = world.sandbox.control.sms().filter(({ to }) => phones.has(to));
  const texts = sms.map(({ to, body }) => `${to} ${body}`);
  compare('SMS', texts, [...new Set(texts)], findings);
  const taken = new Set(sms.map(({ sid }) => sid));
  const sentMails = new Set(sent.map(({ providerRef }) => providerRef));
  const mails = count(
    world.sandbox.control.mail().flatMap(({ messageId }) => (sentMails.has(messageId) ? [String(messageId)] : [])),
  );
  for (const { channel, kind, providerRef } of sent) {
    if (channel === 'sms' && !taken.has(String(providerRef))) findings.lost.push(`SMS ${kind}`);
    if (channel !== 'email') continue;
    const times = mails.get(String(providerRef)) ?? 0;
    if (times === 0) findings.lost.push(`mail ${kind}`);
    if (times > MOST_MAILS) findings.doubled.push(`mail ${kind}`);
  }
}

async function rooms(world: GatedWorld, id: string, { doubled, lost }: Findings): Promise<void> {
  const { meetingId } = await world.db
    .selectFrom('appointment')
    .where('id', '=', id)
    .select('meetingId')
    .executeTakeFirstOrThrow();
  const made = world.sandbox.control.rooms.list().filter(({ uniqueName }) => uniqueName === meetingId);
  if (made.length > 1) doubled.push('room');
  if (made.some(({ status }) => status !== 'completed')) lost.push('the closing of its room');
}

async function result(world: GatedWorld, { prepared }: Led, { lost }: Findings): Promise<void> {
  const { marks, expected } = prepared!;
  const handle = world.temporal.workflow.getHandle(marks.workflowId);
  const late = steps.sleep(ENDS_WITHIN_MS).then(() => 'not ended');
  const seen: unknown = await Promise.race([handle.result(), late]).catch(String);
  if (JSON.stringify(seen) !== JSON.stringify(expected.result)) lost.push(`ended with ${JSON.stringify(seen)}`);
}

/** Waits for the life's end and looks for what happened twice, or not at all. */
export async function inspect(world: GatedWorld, led: Led): Promise<Findings> {
  await led.afterwards;
  const findings: Findings = { doubled: [], lost: led.errors.map((error) => `step: ${error}`) };
  const { appointmentId: id, parties, expected } = led.prepared!;
  await result(world, led, findings);
  if (id !== undefined && parties !== undefined) {
    await nothingWaits(world, id);
    const timeline = await readTimeline(world.db, id);
    compare(
      'timeline',
      timeline.map(({ kind }) => kind),
      expected.timeline ?? [],
      findings,
    );
    await money(world, parties, expected, findings);
    await notifications(world, id, expected, findings);
    await rooms(world, id, findings);
  }
  for (const [name, countOf] of Object.entries(expected.effects ?? {})) {
    const times = await countOf();
    if (times > 1) findings.doubled.push(name);
    if (times < 1) findings.lost.push(name);
  }
  return findings;
}

/** Notifications, refunds and rooms of an appointment that is over take a moment more. */
async function nothingWaits(world: GatedWorld, id: string): Promise<void> {
  const waits = async () => {
    const open = await world.db
      .selectFrom('notification')
      .where('appointmentId', '=', id)
      .where('status', 'in', ['pending', 'sending'])
      .select('id')
      .limit(1)
      .executeTakeFirst();
    const refunding = await world.db
      .selectFrom('refund')
      .where('appointmentId', '=', id)
      .where('status', 'in', ['pending', 'processing'])
      .select('id')
      .executeTakeFirst();
    const room = await world.db
      .selectFrom('room')
      .where('appointmentId', '=', id)
      .where('status', '<>', 'closed')
      .select('appointmentId')
      .executeTakeFirst();
    return open !== undefined || refunding !== undefined || room !== undefined;
  };
  await steps.until('nothing waits', async () => !(await waits()), ENDS_WITHIN_MS).catch(() => undefined);
}
