import { describe, expect, test } from 'vitest';
import { checkNotices, EXPECTED_NOTICES } from './demo-notices.js';
import type { Notice } from './notices.js';

/** All that a role is to be told; SMS don't say their kind. */
function complete(role: 'client' | 'therapist'): Notice[] {
  return Object.entries(EXPECTED_NOTICES[role]).flatMap(([kind, channels]) =>
    channels.map((channel): Notice => ({ channel, kind: channel === 'sms' ? null : kind, text: kind })),
  );
}

test.each(['client', 'therapist'] as const)('each expected kind once per channel is right for the %s', (role) => {
  expect(checkNotices(role, complete(role))).toEqual([]);
});

describe('what is wrong is named', () => {
  test('a missing one', () => {
    const notices = complete('client').filter(({ kind, channel }) => kind !== 'completed' || channel !== 'email');
    expect(checkNotices('client', notices)).toEqual(['client by email: completed is missing']);
  });

  test('one sent twice', () => {
    const twice: Notice = { channel: 'in_app', kind: 'approved', text: 'approved' };
    expect(checkNotices('therapist', [...complete('therapist'), twice])).toEqual([
      'therapist by in_app: approved came 2 times',
    ]);
  });

  test('one that has no place in this life', () => {
    const alert: Notice = { channel: 'email', kind: 'activation_alert', text: 'alert' };
    expect(checkNotices('admin', [alert])).toEqual(['admin by email: activation_alert was not to come']);
  });

  test('an SMS sent twice', () => {
    const sms = complete('client').filter(({ channel }) => channel === 'sms');
    expect(checkNotices('client', [...complete('client'), sms[0]!])).toEqual([
      'client by sms: 3 came, not 2',
      'client by sms: 1 came twice',
    ]);
  });

  test('no SMS at all', () => {
    const notices = complete('client').filter(({ channel }) => channel !== 'sms');
    expect(checkNotices('client', notices)).toEqual([
      'client by sms: session_reminder is missing',
      'client by sms: join_open is missing',
    ]);
  });
});
