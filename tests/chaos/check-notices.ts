import type { Evidence, SeenAppointment, SeenNotice } from './evidence.js';
import { broken, type Check, doubled, type Finding, groupBy, isOver, lost, stuck } from './finding.js';

/** Every notification exactly once; where a vendor's answer was lost, an e-mail at most twice under its Message-ID. */

const MOST_MAILS = 2;

/** `<id@domain>`: the id of the row. */
const rowOf = (messageId: string | null): string | null => /^<?([^@<>]+)@/.exec(messageId ?? '')?.[1] ?? null;

const arrivedMails = ({ vendors }: Evidence): Set<string | null> =>
  new Set(vendors.mails.map(({ messageId }) => rowOf(messageId)));

/** Each row has come to an end: sent, or without meaning, or a mail that arrived and whose two answers were both lost. */
export const noticesEnd: Check = (evidence) => {
  const arrived = arrivedMails(evidence);
  return evidence.notices.flatMap(({ id, kind, channel, status }) => {
    if (status === 'pending' || status === 'sending')
      return [stuck(`notification ${id} (${kind}, ${channel}) is still ${status}`)];
    if (status !== 'failed' || arrived.has(id)) return [];
    return [lost(`notification ${id} (${kind}, ${channel}) was given up`)];
  });
};

/** A sent e-mail is at the vendor once, and twice only after a try whose answer was lost. */
export const mailsOnce: Check = ({ notices, vendors }) => {
  const received = groupBy(vendors.mails, ({ messageId }) => rowOf(messageId));
  const emails = notices.filter(({ channel }) => channel === 'email');
  const ours = new Set(emails.map(({ id }) => id));
  const strays = vendors.mails
    .filter(({ messageId }) => !ours.has(rowOf(messageId) ?? ''))
    .map(({ messageId }) => broken(`the e-mail ${messageId} belongs to no notification`));
  const counted = emails.flatMap(({ id, kind, status, attempts }) => {
    const count = received.get(id)?.length ?? 0;
    const allowed = attempts > 1 ? MOST_MAILS : 1;
    if (count > allowed) return [doubled(`e-mail ${id} (${kind}) arrived ${count} times in ${attempts} tries`)];
    if (status === 'sent' && count === 0) return [lost(`e-mail ${id} (${kind}) is said to be sent and never arrived`)];
    if (count > 0 && attempts === 0) return [broken(`e-mail ${id} (${kind}) arrived and was never claimed`)];
    return [];
  });
  return [...strays, ...counted];
};

/** An SMS is at the vendor once: a repeat has looked for it first. */
export const smsOnce: Check = ({ notices, vendors }) => {
  const rows = notices.filter(({ channel }) => channel === 'sms');
  const byRef = groupBy(rows, ({ providerRef }) => providerRef);
  const known = new Set(vendors.sms.map(({ messageId }) => messageId));
  const findings: Finding[] = [];
  for (const { id, kind, status, providerRef } of rows)
    if (status === 'sent' && (providerRef === null || !known.has(providerRef)))
      findings.push(lost(`SMS ${id} (${kind}) is said to be sent and is not at the vendor`));
  for (const [ref, claimed] of byRef)
    if (claimed.length > 1) findings.push(lost(`${claimed.length} notifications share the one SMS ${ref}`));
  // One that was sent, whose answer was lost, and that then lost its meaning names no SMS.
  const unnamed = groupBy(
    rows.filter(({ status, attempts, providerRef }) => status !== 'sent' && attempts > 0 && providerRef === null),
    ({ phone }) => phone,
  );
  for (const [phone, sent] of groupBy(
    vendors.sms.filter(({ messageId }) => !byRef.has(messageId)),
    ({ to }) => to,
  )) {
    const explained = unnamed.get(phone)?.length ?? 0;
    if (sent.length > explained)
      findings.push(
        doubled(
          `${sent.length} SMS to ${phone} belong to no notification: ${sent.map(({ body }) => body).join(' / ')}`,
        ),
      );
  }
  return findings;
};

type Expected = [kind: string, role: 'client' | 'therapist'];

/** Who must have been told what of an appointment as it ended. Source: docs/lifecycle.md, "Who is told". */
function expectedOf({ status, outcomeReason, isPaid }: SeenAppointment): Expected[] {
  const told: Expected[] = [['booking_made', 'client']];
  if (isPaid) told.push(['payment_received', 'client']);
  if (status === 'completed' || status === 'no_show') told.push([status, 'client'], [status, 'therapist']);
  if (status === 'cancelled') told.push(['cancelled', 'client']);
  if (status === 'cancelled' && isPaid) told.push(['cancelled', 'therapist']);
  if (status === 'expired' && outcomeReason === 'payment') told.push(['expired_payment', 'client']);
  if (status === 'expired' && outcomeReason === 'activation')
    told.push(['expired_activation', 'client'], ['expired_activation', 'therapist']);
  return told;
}

/** What is still said of an appointment that was cancelled before its notice was claimed. */
const AFTER_CANCELLATION = new Set(['cancelled']);

function isTold(
  appointment: SeenAppointment,
  kind: string,
  rows: readonly SeenNotice[] | undefined,
  channel: string,
  arrived: ReadonlySet<string | null>,
): boolean {
  const found = rows?.filter((row) => row.channel === channel) ?? [];
  if (found.some(({ id, status }) => status === 'sent' || (status === 'failed' && arrived.has(id)))) return true;
  return found.length > 0 && appointment.status === 'cancelled' && !AFTER_CANCELLATION.has(kind);
}

/** Whoever must hear of an appointment's way has a notification of it, by e-mail and in the app, that was sent. */
export const everybodyTold: Check = (evidence) => {
  const { appointments, notices } = evidence;
  const arrived = arrivedMails(evidence);
  const rows = groupBy(notices, ({ appointmentId, kind, role }) => `${appointmentId} ${kind} ${role}`);
  return appointments
    .filter(isOver)
    .flatMap((appointment) =>
      expectedOf(appointment).flatMap(([kind, role]) =>
        ['email', 'in_app']
          .filter(
            (channel) => !isTold(appointment, kind, rows.get(`${appointment.id} ${kind} ${role}`), channel, arrived),
          )
          .map((channel) => lost(`the ${role} of ${appointment.id} was not told of ${kind} (${channel})`)),
      ),
    );
};
