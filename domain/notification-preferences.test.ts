import { describe, expect, test } from 'vitest';
import { NOTIFICATION_KINDS, type NotificationKind } from './events.js';
import { channelsOf, type Channel } from './notifications.js';
import {
  channelVerdict,
  isEssential,
  KIND_GROUPS,
  mergePreferences,
  quietUntil,
  shownPreferences,
  type NotificationPreferences,
  type Recipient,
} from './notification-preferences.js';
import type { Role } from './types.js';

const BERLIN = 'Europe/Berlin';
const utc = (text: string): number => Date.parse(`${text}:00Z`);
const NIGHT = { from: '22:00', to: '07:00' };

describe('quiet hours are local', () => {
  test.each([
    ['before they begin', '2026-01-10T20:59', null],
    ['at their beginning', '2026-01-10T21:00', '2026-01-11T06:00'],
    ['after midnight', '2026-01-11T03:00', '2026-01-11T06:00'],
    ['a minute before their end', '2026-01-11T05:59', '2026-01-11T06:00'],
    ['at their end', '2026-01-11T06:00', null],
    ['over the night in which the clocks go forward', '2026-03-28T22:00', '2026-03-29T05:00'],
    ['over the night in which they go back', '2026-10-24T21:00', '2026-10-25T06:00'],
  ])('%s', (_, now, until) => {
    expect(quietUntil(NIGHT, BERLIN, utc(now))).toBe(until === null ? null : utc(until));
  });

  test('within one day, and in a zone of half hours', () => {
    const midday = { from: '12:00', to: '14:30' };
    expect(quietUntil(midday, 'Asia/Kolkata', utc('2026-06-01T06:29'))).toBeNull();
    expect(quietUntil(midday, 'Asia/Kolkata', utc('2026-06-01T06:30'))).toBe(utc('2026-06-01T09:00'));
    expect(quietUntil(midday, 'Asia/Kolkata', utc('2026-06-01T09:00'))).toBeNull();
  });

  test('an end that the clocks skip lies as much later', () => {
    expect(quietUntil({ from: '22:00', to: '02:30' }, BERLIN, utc('2026-03-28T23:00'))).toBe(utc('2026-03-29T01:30'));
  });

  test('of times that come twice the first count', () => {
    const short = { from: '02:15', to: '02:45' };
    expect(quietUntil(short, BERLIN, utc('2026-10-25T00:20'))).toBe(utc('2026-10-25T00:45'));
    expect(quietUntil(short, BERLIN, utc('2026-10-25T01:20'))).toBeNull();
  });
});

const reachable = (preferences: NotificationPreferences, changes: Partial<Recipient> = {}): Recipient => ({
  role: 'client',
  timeZone: BERLIN,
  preferences,
  hasPhone: true,
  phoneVerifiedAt: new Date(0),
  smsOptedOutAt: null,
  ...changes,
});

const at3 = utc('2026-01-11T02:00'); // three in the morning in Berlin
const morning = utc('2026-01-11T06:00');
const later = { remindAt: utc('2026-01-12T10:00'), endsAt: utc('2026-01-12T11:15') };
const verdict = (kind: NotificationKind, channel: Channel, recipient: Recipient, times = later, now = at3) =>
  channelVerdict({ kind, channel, ...times }, recipient, now);
const quiet: NotificationPreferences = { quietHours: NIGHT };
const noMail: NotificationPreferences = { channels: { changes: { email: false }, bookings: { email: false } } };
const send = { do: 'send' };

describe('in quiet hours', () => {
  test('reminders and alerts are never held back', () => {
    for (const kind of ['t15', 't5', 'opened_early', 'activation_alert'] as const)
      for (const channel of channelsOf(kind, 'client')) expect(verdict(kind, channel, reachable(quiet))).toEqual(send);
  });

  test('what is essential goes by mail at once, its SMS waits for the morning', () => {
    expect(verdict('cancelled', 'email', reachable(quiet))).toEqual(send);
    expect(verdict('cancelled', 'sms', reachable(quiet))).toEqual({ do: 'postpone', until: morning });
    expect(verdict('cancelled', 'in_app', reachable(quiet))).toEqual(send);
    expect(verdict('cancelled', 'sms', reachable({ ...quiet, ...noMail }))).toEqual(send);
    expect(verdict('refund_completed', 'email', reachable(quiet))).toEqual(send);
  });

  test('anything else waits for the morning, unless the session would be near by then', () => {
    expect(verdict('booking_made', 'email', reachable(quiet))).toEqual({ do: 'postpone', until: morning });
    const early = { remindAt: morning - 60_000, endsAt: morning + 3_600_000 };
    expect(verdict('approved', 'email', reachable(quiet), early)).toEqual(send);
    expect(verdict('cancelled', 'sms', reachable(quiet), early)).toEqual(send);
    const over = { remindAt: at3 - 7_200_000, endsAt: at3 - 60_000 };
    expect(verdict('completed', 'email', reachable(quiet), over)).toEqual({ do: 'postpone', until: morning });
    expect(verdict('booking_made', 'email', reachable(quiet), later, morning)).toEqual(send);
  });
});

describe('channels', () => {
  test('SMS goes to a verified number that has not opted out, and nowhere else', () => {
    expect(verdict('t15', 'sms', reachable({}))).toEqual(send);
    expect(verdict('t15', 'sms', reachable({}, { hasPhone: false }))).toMatchObject({ do: 'skip' });
    expect(verdict('t15', 'sms', reachable({}, { phoneVerifiedAt: null }))).toMatchObject({ do: 'skip' });
    expect(verdict('t15', 'sms', reachable({}, { smsOptedOutAt: new Date(0) }))).toMatchObject({
      do: 'skip',
      why: 'opted out of SMS',
    });
  });

  test('what is not wanted is not sent, and what stands in the app stays', () => {
    expect(verdict('booking_made', 'email', reachable(noMail))).toEqual({ do: 'skip', why: 'not wanted' });
    expect(verdict('booking_made', 'in_app', reachable(noMail))).toEqual(send);
    expect(verdict('cancelled', 'email', reachable(noMail))).toEqual({ do: 'skip', why: 'not wanted' });
    expect(verdict('cancelled', 'email', reachable(noMail, { smsOptedOutAt: new Date(0) }))).toEqual(send);
  });

  test('whatever somebody chose, each essential notice goes at once by mail or by SMS', () => {
    const nothing = Object.fromEntries(KIND_GROUPS.map((group) => [group, { email: false, sms: false }]));
    const roles: Role[] = ['client', 'therapist', 'admin'];
    const phones = [{}, { hasPhone: false }, { phoneVerifiedAt: null }, { smsOptedOutAt: new Date(0) }];
    const wishes: NotificationPreferences[] = [
      {},
      quiet,
      noMail,
      { ...noMail, ...quiet },
      { channels: nothing, ...quiet },
    ];
    for (const kind of NOTIFICATION_KINDS.filter(isEssential))
      for (const role of roles)
        for (const phone of phones)
          for (const preferences of wishes) {
            const recipient = reachable(preferences, { ...phone, role });
            const out = channelsOf(kind, role)
              .filter((channel) => channel !== 'in_app')
              .filter((channel) => verdict(kind, channel, recipient).do === 'send');
            expect(out.length, `${kind} ${role} ${JSON.stringify([phone, preferences])}`).toBeGreaterThan(0);
          }
  });
});

test('a change leaves the rest as it was; all of it is shown', () => {
  const before: NotificationPreferences = { channels: { money: { sms: false } }, quietHours: NIGHT };
  const after = mergePreferences(before, { channels: { money: { email: false }, bookings: { email: false } } });
  expect(after).toEqual({
    channels: { money: { sms: false, email: false }, bookings: { email: false } },
    quietHours: NIGHT,
  });
  expect(mergePreferences(after, { quietHours: null }).quietHours).toBeNull();
  expect(shownPreferences(after).channels).toMatchObject({
    money: { email: false, sms: false },
    bookings: { email: false, sms: true },
    reminders: { email: true, sms: true },
  });
});
