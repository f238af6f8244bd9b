import type { Evidence } from './evidence.js';
import { broken, type Check, doubled, groupBy, isOver, lost, stuck, sumOf } from './finding.js';

/** Nobody is charged, refunded or settled twice, and the ledger says what the vendors say. */

/** The vendors' words for money that was taken, and that went back. */
const CAPTURED = new Set(['succeeded', 'paid']);
const WENT_BACK = new Set(['succeeded', 'processed', 'pending']);
const IS_BACK = new Set(['succeeded', 'processed']);

const capturedAtVendors = ({ vendors }: Evidence) => vendors.payments.filter(({ status }) => CAPTURED.has(status));

/** One object at the vendor for a try to pay, so that it can be paid once. */
export const oneCheckoutAPayment: Check = ({ vendors }) =>
  [...groupBy(vendors.payments, ({ paymentId }) => paymentId)]
    .filter(([, objects]) => objects.length > 1)
    .map(([id, objects]) =>
      doubled(`payment ${id} has ${objects.length} checkouts: ${objects.map(({ ref }) => ref).join(', ')}`),
    );

/** What a client paid for an appointment and did not get back is never more than its price. */
export const chargedOnce: Check = (evidence) => {
  const { payments, refunds, appointments, settlements } = evidence;
  const captured = groupBy(capturedAtVendors(evidence), ({ paymentId }) => paymentId);
  const sent = groupBy(
    evidence.vendors.refunds.filter(({ status }) => IS_BACK.has(status)),
    ({ refundId }) => refundId,
  );
  const refundsOf = groupBy(refunds, ({ paymentId }) => paymentId);
  const ofAppointment = groupBy(payments, ({ appointmentId }) => appointmentId);
  const settled = groupBy(settlements, ({ appointmentId }) => appointmentId);
  return appointments.flatMap(({ id, priceMinor }) => {
    const kept = sumOf(ofAppointment.get(id), (payment) => {
      const taken = sumOf(captured.get(payment.id), ({ amountMinor }) => amountMinor);
      const back = sumOf(refundsOf.get(payment.id), (refund) =>
        refund.destination === 'wallet'
          ? refund.amountMinor
          : sumOf(sent.get(refund.id), ({ amountMinor }) => amountMinor),
      );
      return payment.method === 'wallet' ? 0 : taken - back;
    });
    const charged = sumOf(settled.get(id), ({ chargedMinor }) => chargedMinor);
    const findings = [];
    if (kept > priceMinor)
      findings.push(doubled(`appointment ${id} costs ${priceMinor}, and ${kept} stayed with the vendors`));
    if (charged > priceMinor)
      findings.push(doubled(`appointment ${id} costs ${priceMinor}, and ${charged} were charged`));
    return findings;
  });
};

/** A refund of ours is one at the vendor, of the same sum. */
export const refundedOnce: Check = ({ refunds, vendors }) => {
  const sent = groupBy(
    vendors.refunds.filter(({ status }) => WENT_BACK.has(status)),
    ({ refundId }) => refundId,
  );
  const ours = new Set(refunds.map(({ id }) => id));
  const strays = vendors.refunds
    .filter(({ refundId }) => refundId === null || !ours.has(refundId))
    .map(({ id }) => broken(`the vendor's refund ${id} is none of ours`));
  const atSource = refunds.filter(({ destination, method }) => destination === 'source' && method !== 'wallet');
  const counted = atSource.flatMap(({ id, status, amountMinor }) => {
    const found = sent.get(id) ?? [];
    if (found.length > 1) return [doubled(`refund ${id} was sent ${found.length} times`)];
    if (status === 'refused' && found.some((one) => IS_BACK.has(one.status)))
      return [doubled(`refund ${id} went back to its source, and to the wallet as refused`)];
    if (status === 'completed' && found[0]?.amountMinor !== amountMinor)
      return [
        lost(`refund ${id} of ${amountMinor} is completed, and the vendor sent ${found[0]?.amountMinor ?? 'nothing'}`),
      ];
    if (status !== 'completed' && status !== 'refused') return [stuck(`refund ${id} is still ${status}`)];
    return [];
  });
  return [...strays, ...counted];
};

/** A hold is resolved once, when its appointment ends; and an earning is written for a settlement, once. */
export const settledOnce: Check = ({ appointments, settlements, earnings }) => {
  const [settled, earned] = [
    groupBy(settlements, ({ appointmentId }) => appointmentId),
    groupBy(earnings, ({ appointmentId }) => appointmentId),
  ];
  return appointments.flatMap((appointment) => {
    const { id, hold, isPaid } = appointment;
    const [settlement, earning] = [settled.get(id)?.length ?? 0, earned.get(id)?.length ?? 0];
    const findings = [];
    if (settlement > 1) findings.push(doubled(`appointment ${id} was settled ${settlement} times`));
    if (earning > 1) findings.push(doubled(`appointment ${id} was earned ${earning} times`));
    if (hold === 'settled' && (settlement === 0 || earning === 0))
      findings.push(lost(`appointment ${id} is settled, and nothing was posted`));
    if (hold !== 'settled' && settlement > 0)
      findings.push(broken(`appointment ${id} is ${hold ?? 'without hold'} and was settled`));
    if (isOver(appointment) && hold === 'held')
      findings.push(stuck(`appointment ${id} is over and its money is still held`));
    if (isPaid && hold === null) findings.push(lost(`appointment ${id} is paid and nothing was ever held`));
    return findings;
  });
};

/** Of what the vendors took, what was not charged has gone back. */
export const restWentBack: Check = (evidence) => {
  const { payments, appointments, settlements, refunds } = evidence;
  const over = new Map(appointments.filter(isOver).map((one) => [one.id, one]));
  const charged = groupBy(settlements, ({ appointmentId }) => appointmentId);
  const refundsOf = groupBy(refunds, ({ paymentId }) => paymentId);
  return payments.flatMap(({ id, appointmentId, capturedMinor, method }) => {
    const appointment = over.get(appointmentId ?? '');
    if (appointment === undefined || method === 'wallet') return [];
    const isCharged = appointment.paidPaymentId === id && appointment.hold === 'settled';
    const kept = isCharged ? sumOf(charged.get(appointment.id), ({ chargedMinor }) => chargedMinor) : 0;
    const valid = refundsOf.get(id)?.filter(({ status }) => status !== 'refused');
    const back = sumOf(valid, ({ amountMinor }) => amountMinor);
    if (back < capturedMinor - kept)
      return [lost(`of payment ${id}, ${capturedMinor} were taken, ${kept} charged, and only ${back} given back`)];
    return back > capturedMinor
      ? [doubled(`of payment ${id}, ${capturedMinor} were taken and ${back} given back`)]
      : [];
  });
};

/** The ledger's own invariants: sums of zero, balances, holds, credits. */
export const ledgerHolds: Check = ({ brokenLedgerRules }) =>
  brokenLedgerRules.map((rule) => broken(`the ledger: ${rule}`));

function difference(what: string, vendors: Record<string, number>, ledger: Record<string, number>) {
  return [...new Set([...Object.keys(vendors), ...Object.keys(ledger)])].flatMap((id) => {
    const [theirs, ours] = [vendors[id] ?? 0, ledger[id] ?? 0];
    if (theirs === ours) return [];
    const about = `${what} ${id}: ${theirs} at the vendor, ${ours} in the ledger`;
    return [theirs > ours && ours === 0 ? lost(about) : broken(about)];
  });
}

/** What moved at the vendors is what the ledger says, object by object. */
export const booksAgree: Check = (evidence) => {
  const captured: Record<string, number> = {};
  const refunded: Record<string, number> = {};
  const strays = capturedAtVendors(evidence).filter(({ paymentId }) => paymentId === null);
  for (const { paymentId, amountMinor } of capturedAtVendors(evidence))
    if (paymentId !== null) captured[paymentId] = (captured[paymentId] ?? 0) + amountMinor;
  for (const { refundId, status, amountMinor } of evidence.vendors.refunds)
    if (refundId !== null && IS_BACK.has(status)) refunded[refundId] = (refunded[refundId] ?? 0) + amountMinor;
  return [
    ...strays.map(({ ref }) => broken(`${ref} was paid and names no payment of ours`)),
    ...difference('captured for payment', captured, evidence.ledgerBooks.captured),
    ...difference('returned by refund', refunded, evidence.ledgerBooks.refunded),
  ];
};
