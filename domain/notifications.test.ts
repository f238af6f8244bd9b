import { describe, expect, test } from 'vitest';
import {
  END,
  makeActivated,
  makeConfirmed,
  makeInProgress,
  makeOver,
  makePaid,
  makeRecord,
  PAY_BY,
  START,
  T15,
  T5,
} from '../tests/support/records.js';
import { advance } from './advance.js';
import { NOTIFICATION_KINDS, type NotificationKind } from './events.js';
import { channelsOf, LOSES_MEANING, templateAtClaim } from './notifications.js';
import type { AppointmentRecord } from './record.js';
import { ROLES } from './types.js';

const NOBODY = [null, null, null];

/** What client, therapist and admin get of a kind, by the state of the moment. */
function claims(kind: NotificationKind, record: AppointmentRecord, now: number): (string | null)[] {
  return ROLES.map((role) => templateAtClaim(kind, role, advance(record, now)));
}

/** A booking made late enough that T-15 comes before the end of the payment window. */
const unpaidAtT15 = makeRecord({ createdAt: START - 20 * 60_000 });

test.each<[string, NotificationKind, AppointmentRecord, number, (string | null)[]]>([
  ['T-15, activated', 't15', makeActivated(), T15, ['session_reminder', 'session_reminder', null]],
  ['T-15, taken up only at T-5', 't15', makeActivated(), T5, NOBODY],
  ['T-15, paid only, taken up only at T-5', 't15', makePaid(), T5, [null, null, 'activation_alert']],
  ['T-15, paid only', 't15', makePaid(), T15, [null, null, 'activation_alert']],
  ['T-15, paid only since, which has alerted', 't15', makePaid({ paidAt: T15 }), T15 + 1, NOBODY],
  ['T-15, unpaid', 't15', unpaidAtT15, T15, ['payment_reminder', null, null]],
  ['T-15, while its expiry is being decided', 't15', makeRecord(), PAY_BY, NOBODY],
  ['T-15, over', 't15', makeOver('cancelled'), T15, NOBODY],
  ['T-5, activated', 't5', makeActivated(), T5, ['join_open', 'join_open', null]],
  ['T-5, already joined', 't5', makeInProgress({ client: true }), T5 + 5, ['join_open', 'join_open', null]],
  ['T-5, paid only', 't5', makePaid(), T5, ['awaiting_approval', null, null]],
  ['T-5, unpaid', 't5', unpaidAtT15, T5, NOBODY],
  ['T-5, over', 't5', makeOver('expired'), T5, NOBODY],
  ['T-5, taken up only after the end that is being decided', 't5', makeConfirmed(), END, NOBODY],
  ['approved, before T-5', 'approved', makeActivated(), T5 - 1, ['approved', 'approved', 'approved']],
  ['approved, from T-5 on', 'approved', makeActivated(), T5, ['approved_open', 'approved_open', 'approved_open']],
  ['approved, taken back meanwhile', 'approved', makePaid(), T15, NOBODY],
  ['approved, over', 'approved', makeOver('cancelled'), T15, NOBODY],
  [
    'opened early by force',
    'opened_early',
    makeConfirmed({ forcedAt: T15 }),
    T15,
    ['approved_open', 'approved_open', 'approved_open'],
  ],
  ['opened early, over', 'opened_early', makeOver('cancelled'), T15, NOBODY],
  [
    'awaiting approval, still',
    'approval_pending',
    makePaid(),
    T15,
    ['approval_pending', 'approval_pending', 'approval_pending'],
  ],
  ['awaiting approval, given meanwhile', 'approval_pending', makeActivated(), T15, NOBODY],
  ['alert, still', 'activation_alert', makePaid(), T15, ['activation_alert', 'activation_alert', 'activation_alert']],
  ['alert, activated meanwhile', 'activation_alert', makeActivated(), T15, NOBODY],
  ['alert, over', 'activation_alert', makeOver('expired'), T15, NOBODY],
])('%s', (_, kind, record, now, expected) => {
  expect(claims(kind, record, now)).toEqual(expected);
});

describe('what has happened is told whatever came after', () => {
  const happened = NOTIFICATION_KINDS.filter((kind) => !LOSES_MEANING.includes(kind));
  test.each(happened.map((kind) => [kind]))('%s', (kind) => {
    for (const record of [makeRecord(), makeConfirmed(), makeOver('completed')]) {
      for (const role of ROLES) expect(templateAtClaim(kind, role, advance(record, T5))).not.toBeNull();
    }
  });
});

test('whatever loses its meaning is nothing to anybody once it is over', () => {
  for (const kind of LOSES_MEANING) expect(claims(kind, makeOver('completed'), END)).toEqual(NOBODY);
});

test('what is needed within minutes goes by SMS too, to all but admins', () => {
  expect(channelsOf('t5', 'client')).toEqual(['email', 'sms', 'in_app']);
  expect(channelsOf('t15', 'therapist')).toEqual(['email', 'sms', 'in_app']);
  expect(channelsOf('t15', 'admin')).toEqual(['email', 'in_app']);
  expect(channelsOf('booking_made', 'client')).toEqual(['email', 'in_app']);
});
