import { describe, expect, test } from 'vitest';
import { check, countHarms, type CheckName } from './checker.js';
import type { Evidence } from './evidence.js';
import type { Harm } from './finding.js';
import { soundEvidence } from './sound-evidence.js';

/** Evidence that may be written to. */
type Breakable<T> = T extends readonly (infer Item)[]
  ? Breakable<Item>[]
  : T extends object
    ? { -readonly [Key in keyof T]: Breakable<T[Key]> }
    : T;
type Broken = Breakable<Evidence>;

const findingsOf = (evidence: Evidence) =>
  Object.entries(check(evidence)).flatMap(([rule, found]) => found.map(({ harm, about }) => ({ rule, harm, about })));

test('nothing is found where all is well', () => {
  expect(findingsOf(soundEvidence())).toEqual([]);
});

const mail = (evidence: Broken) => evidence.notices.find(({ channel }) => channel === 'email')!;
const sms = (evidence: Broken) => evidence.notices.find(({ channel }) => channel === 'sms')!;
const mailAt = (evidence: Broken, id: string) => evidence.vendors.mails.push({ messageId: `<${id}@punctual.test>` });

/** What is broken, the harm, the rule that must see it, and how it is broken. */
const BREAKS: [string, Harm, CheckName, (evidence: Broken) => void][] = [
  ['an answered booking has no row', 'lost', 'bookingsExist', (e) => void e.appointments.shift()],
  [
    'an answered booking is somebody else’s',
    'lost',
    'bookingsExist',
    (e) => void (e.appointments[0]!.clientId = 'client-9'),
  ],
  [
    'a refused booking has a row',
    'broken',
    'bookingsExist',
    (e) => void (e.deeds[0]!.answers[0] = { at: 1, status: 409, code: 'slot_taken', body: {} }),
  ],
  [
    'a second booking that nobody asked for',
    'doubled',
    'wishesOnce',
    (e) => void e.appointments.push({ ...e.appointments[1]!, id: 'a-third' }),
  ],
  ['moved twice', 'doubled', 'wishesOnce', (e) => void e.timeline.push({ ...e.timeline[3]! })],
  [
    'extended without a wish',
    'doubled',
    'wishesOnce',
    (e) => void e.timeline.push({ ...e.timeline[1]!, kind: 'extend', status: 'in_progress' }),
  ],
  [
    'a refund that was asked for once is there twice',
    'doubled',
    'wishesOnce',
    (e) => {
      const goodwill = { ...e.refunds[0]!, reason: 'goodwill', destination: 'wallet' as const, amountMinor: 100 };
      e.refunds.push({ ...goodwill, id: 'r-2' }, { ...goodwill, id: 'r-3' });
      e.deeds.push({ ...e.deeds[1]!, act: 'refund', answers: [], appointmentId: 'a-cancelled' });
    },
  ],
  ['an answered payment has no row', 'lost', 'answersStand', (e) => void (e.deeds[1]!.answers[0]!.body['id'] = 'p-9')],
  ['an answered join left no trace', 'lost', 'answersStand', (e) => void (e.appointments[0]!.therapistJoined = false)],
  ['an answered approval is gone', 'lost', 'answersStand', (e) => void (e.appointments[0]!.isActivated = false)],
  [
    'an answered end is not in the timeline',
    'lost',
    'answersStand',
    (e) => void (e.timeline[1]!.kind = 'duration_over'),
  ],
  ['an answered cancel changed nothing', 'lost', 'answersStand', (e) => void (e.appointments[1]!.status = 'completed')],
  ['an answered move is gone', 'lost', 'answersStand', (e) => void e.timeline.splice(3, 1)],
  [
    'an answered refund has no row',
    'lost',
    'answersStand',
    (e) =>
      void e.deeds.push({
        ...e.deeds[1]!,
        act: 'refund',
        answers: [{ at: 1, status: 201, code: null, body: { id: 'r-9' } }],
      }),
  ],
  ['nobody ever answered', 'stuck', 'everybodyAnswered', (e) => void (e.deeds[4]!.answers = [])],
  [
    'two clicks were answered with two payments',
    'doubled',
    'oneAnswerAKey',
    (e) => void e.deeds[1]!.answers.push({ at: 2, status: 201, code: null, body: { id: 'p-2' } }),
  ],
  ['a life was not over in time', 'stuck', 'livesEnd', (e) => void e.stuckIds.push('a-held')],
  ['a life is not over', 'stuck', 'livesEnd', (e) => void (e.appointments[0]!.status = 'in_progress')],
  ['a life was booked twice', 'doubled', 'livesEnd', (e) => void e.timeline.push({ ...e.timeline[0]! })],
  ['a life ended twice', 'doubled', 'livesEnd', (e) => void e.timeline.push({ ...e.timeline[1]! })],
  ['a life has no beginning', 'lost', 'livesEnd', (e) => void e.timeline.shift()],
  [
    'a message was never worked off',
    'lost',
    'livesEnd',
    (e) => void e.unhandledMessages.push({ id: 'm-1', appointmentId: 'a-held', kind: 'payment_settled' }),
  ],
  ['a workflow without a row', 'broken', 'workflowsMatchRows', (e) => void e.openWorkflows.push('appointment-a-none')],
  ['a workflow of what is over', 'stuck', 'workflowsMatchRows', (e) => void e.openWorkflows.push('appointment-a-held')],
  ['a row without a workflow', 'stuck', 'workflowsMatchRows', (e) => void (e.appointments[0]!.status = 'confirmed')],
  ['a refund’s workflow without a row', 'broken', 'workflowsMatchRows', (e) => void e.openWorkflows.push('refund-r-9')],
  [
    'a payment with two checkouts',
    'doubled',
    'oneCheckoutAPayment',
    (e) => void e.vendors.payments.push({ ...e.vendors.payments[0]!, ref: 'pi_9', status: 'requires_payment_method' }),
  ],
  [
    'a card that was charged twice',
    'doubled',
    'chargedOnce',
    (e) => void e.vendors.payments.push({ ...e.vendors.payments[0]!, ref: 'pi_9' }),
  ],
  ['charged more than the price', 'doubled', 'chargedOnce', (e) => void (e.settlements[0]!.chargedMinor = 2_000)],
  [
    'a refund that was sent twice',
    'doubled',
    'refundedOnce',
    (e) => void e.vendors.refunds.push({ ...e.vendors.refunds[0]!, id: 're_9' }),
  ],
  [
    'a refund that was sent and credited',
    'doubled',
    'refundedOnce',
    (e) => {
      e.refunds[0]!.status = 'refused';
      e.refunds.push({ ...e.refunds[0]!, id: 'r-2', destination: 'wallet', status: 'completed' });
    },
  ],
  ['a completed refund that was never sent', 'lost', 'refundedOnce', (e) => void e.vendors.refunds.shift()],
  ['a refund that does not end', 'stuck', 'refundedOnce', (e) => void (e.refunds[0]!.status = 'processing')],
  [
    'a refund at the vendor that is none of ours',
    'broken',
    'refundedOnce',
    (e) => void e.vendors.refunds.push({ id: 're_9', refundId: null, status: 'succeeded', amountMinor: 1 }),
  ],
  ['settled twice', 'doubled', 'settledOnce', (e) => void e.settlements.push({ ...e.settlements[1]! })],
  ['earned twice', 'doubled', 'settledOnce', (e) => void e.earnings.push({ ...e.earnings[0]! })],
  ['settled without a posting', 'lost', 'settledOnce', (e) => void e.settlements.shift()],
  ['posted without being settled', 'broken', 'settledOnce', (e) => void (e.appointments[0]!.hold = 'voided')],
  ['money that is still held', 'stuck', 'settledOnce', (e) => void (e.appointments[0]!.hold = 'held')],
  ['paid and never held', 'lost', 'settledOnce', (e) => void (e.appointments[0]!.hold = null)],
  ['the rest never went back', 'lost', 'restWentBack', (e) => void e.refunds.shift()],
  ['more went back than was taken', 'doubled', 'restWentBack', (e) => void (e.refunds[0]!.amountMinor = 1_500)],
  ['the ledger does not sum up', 'broken', 'ledgerHolds', (e) => void e.brokenLedgerRules.push('sums')],
  ['the ledger knows nothing of a charge', 'lost', 'booksAgree', (e) => void delete e.ledgerBooks.captured['p-1']],
  ['the ledger says another sum', 'broken', 'booksAgree', (e) => void (e.ledgerBooks.refunded['r-1'] = 499)],
  ['the vendor knows nothing of a charge', 'broken', 'booksAgree', (e) => void e.vendors.payments.shift()],
  ['a charge that names no payment', 'broken', 'booksAgree', (e) => void (e.vendors.payments[0]!.paymentId = null)],
  ['a notice that is never sent', 'stuck', 'noticesEnd', (e) => void (e.notices[1]!.status = 'pending')],
  ['a notice that was given up', 'lost', 'noticesEnd', (e) => void (e.notices[1]!.status = 'failed')],
  ['an e-mail twice after one try', 'doubled', 'mailsOnce', (e) => void mailAt(e, mail(e).id)],
  [
    'an e-mail three times',
    'doubled',
    'mailsOnce',
    (e) => {
      mail(e).attempts = 3;
      mailAt(e, mail(e).id);
      mailAt(e, mail(e).id);
    },
  ],
  ['an e-mail that never arrived', 'lost', 'mailsOnce', (e) => void e.vendors.mails.shift()],
  ['an e-mail that nobody claimed', 'broken', 'mailsOnce', (e) => void (mail(e).attempts = 0)],
  ['an e-mail of nobody', 'broken', 'mailsOnce', (e) => void mailAt(e, 'n-99')],
  ['an SMS twice', 'doubled', 'smsOnce', (e) => void e.vendors.sms.push({ ...e.vendors.sms[0]!, messageId: 'SM-9' })],
  ['an SMS that never arrived', 'lost', 'smsOnce', (e) => void e.vendors.sms.shift()],
  [
    'two notices that share an SMS',
    'lost',
    'smsOnce',
    (e) => void e.notices.push({ ...sms(e), id: 'n-99', scheduleVersion: 2 } as never),
  ],
  ['a client who was told nothing', 'lost', 'everybodyTold', (e) => void (e.notices = e.notices.slice(2))],
  [
    'an end that nobody heard of',
    'lost',
    'everybodyTold',
    (e) => void (e.notices = e.notices.filter(({ kind }) => kind !== 'completed')),
  ],
];

describe('each rule finds what breaks it', () => {
  test.each(BREAKS)('%s: %s, by %s', (_, harm, rule, breakIt) => {
    const evidence = structuredClone(soundEvidence()) as Broken;
    breakIt(evidence);
    expect(findingsOf(evidence)).toContainEqual({ rule, harm, about: expect.any(String) as string });
  });

  test('and every rule is among them', () => {
    expect(new Set(BREAKS.map(([, , rule]) => rule))).toEqual(new Set(Object.keys(check(soundEvidence()))));
  });
});

describe('what a kill may leave is no finding', () => {
  test('an e-mail twice whose first answer was lost', () => {
    const evidence = soundEvidence() as Broken;
    mail(evidence).attempts = 2;
    mailAt(evidence, mail(evidence).id);
    expect(findingsOf(evidence)).toEqual([]);
  });

  test('an SMS whose answer was lost, and that lost its meaning before the next try', () => {
    const evidence = soundEvidence() as Broken;
    Object.assign(sms(evidence), { status: 'skipped', providerRef: null });
    expect(findingsOf(evidence)).toEqual([]);
  });

  test('a wish that was refused', () => {
    const evidence = soundEvidence() as Broken;
    const refused = { at: 1, status: 409, code: 'already_over', body: {} };
    evidence.deeds.push({ ...evidence.deeds[5]!, act: 'extend', answers: [refused] });
    expect(findingsOf(evidence)).toEqual([]);
  });
});

test('harms are counted over all rules', () => {
  const evidence = soundEvidence() as Broken;
  evidence.vendors.refunds.push({ ...evidence.vendors.refunds[0]!, id: 're_9' });
  evidence.openWorkflows.push('appointment-a-held');
  const { doubled, stuck, lost } = countHarms(check(evidence));
  expect({ doubled: doubled > 0, stuck, lost }).toEqual({ doubled: true, stuck: 1, lost: 0 });
});
