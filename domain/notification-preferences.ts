import type { NotificationKind } from './events.js';
import { instantOf, offsetAt, offsetSpans, DAY_MS } from './local-time.js';
import { channelsOf, type Channel } from './notifications.js';
import type { Role } from './types.js';

/** Kinds that people choose about together. */
export const KIND_GROUPS = ['reminders', 'changes', 'money', 'bookings', 'follow_ups', 'alerts'] as const;
export type KindGroup = (typeof KIND_GROUPS)[number];

const GROUP_OF: Record<NotificationKind, KindGroup> = {
  t15: 'reminders',
  t5: 'reminders',
  opened_early: 'reminders',
  cancelled: 'changes',
  rescheduled: 'changes',
  extended: 'changes',
  approval_taken_back: 'changes',
  expired_payment: 'changes',
  expired_activation: 'changes',
  no_show: 'changes',
  payment_received: 'money',
  late_money_returned: 'money',
  refund_completed: 'money',
  refund_to_wallet: 'money',
  dispute_opened: 'money',
  dispute_closed: 'money',
  booking_made: 'bookings',
  approval_pending: 'bookings',
  approved: 'bookings',
  completed: 'follow_ups',
  activation_alert: 'alerts',
};

/** Whoever wants none of these still gets each by one way at least. */
const ESSENTIAL: ReadonlySet<KindGroup> = new Set(['reminders', 'changes', 'money', 'alerts']);

/** Channels that can be switched off: what stands in the app disturbs nobody. */
export const CHOSEN_CHANNELS = ['email', 'sms'] as const;
export type ChosenChannel = (typeof CHOSEN_CHANNELS)[number];

/** Local times `HH:MM` of the person's own zone; from the evening to the morning where `to` is not after `from`. */
export interface QuietHours {
  from: string;
  to: string;
}

/** What somebody has chosen; what is left out is on. */
export interface NotificationPreferences {
  channels?: Partial<Record<KindGroup, Partial<Record<ChosenChannel, boolean>>>>;
  quietHours?: QuietHours | null;
}

export const groupOf = (kind: NotificationKind): KindGroup => GROUP_OF[kind];
export const isEssential = (kind: NotificationKind): boolean => ESSENTIAL.has(GROUP_OF[kind]);

/** A recipient as a decision sees them. */
export interface Recipient {
  role: Role;
  timeZone: string;
  preferences: NotificationPreferences;
  hasPhone: boolean;
  phoneVerifiedAt: Date | null;
  smsOptedOutAt: Date | null;
}

export type ChannelVerdict = { do: 'send' } | { do: 'skip'; why: string } | { do: 'postpone'; until: number };

const SEND: ChannelVerdict = { do: 'send' };

/** Why no SMS may go to somebody; null when one may. */
export function smsObstacle({ hasPhone, phoneVerifiedAt, smsOptedOutAt }: Recipient): string | null {
  if (!hasPhone) return 'no telephone number';
  if (phoneVerifiedAt === null) return 'the telephone number is not verified';
  return smsOptedOutAt === null ? null : 'opted out of SMS';
}

function skipped(kind: NotificationKind, channel: Channel, recipient: Recipient): string | null {
  if (channel === 'in_app') return null;
  const chosen = recipient.preferences.channels?.[GROUP_OF[kind]] ?? {};
  const smsMissing =
    (channelsOf(kind, recipient.role).includes('sms') ? smsObstacle(recipient) : 'goes by no SMS') ??
    (chosen.sms === false ? 'not wanted' : null);
  if (channel === 'sms') return smsMissing;
  if (chosen.email !== false) return null;
  // Something essential that would reach nobody otherwise goes by mail all the same.
  return ESSENTIAL.has(GROUP_OF[kind]) && smsMissing !== null ? null : 'not wanted';
}

const minuteOf = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5));
const MINUTE_MS = 60_000;

/** When the quiet hours end that `now` lies in (epoch ms); null outside of them. Local times as `instantOf` reads them. */
export function quietUntil({ from, to }: QuietHours, timeZone: string, now: number): number | null {
  const local = now + offsetAt(timeZone, now);
  const midnight = Math.floor(local / DAY_MS) * DAY_MS;
  const minute = (local - midnight) / MINUTE_MS;
  const [begin, end] = [minuteOf(from), minuteOf(to)];
  const spansMidnight = end <= begin;
  const isQuiet = spansMidnight ? minute >= begin || minute < end : minute >= begin && minute < end;
  if (!isQuiet || begin === end) return null;
  const day = midnight + (spansMidnight && minute >= begin ? DAY_MS : 0);
  const second = Math.floor(now / 1000) * 1000;
  const until = instantOf(day + end * MINUTE_MS, offsetSpans(timeZone, second - 2 * DAY_MS, second + 3 * DAY_MS));
  return until > now ? until : null;
}

/**
 * Whether a notification goes out now by this channel, later, or not. Reminders are never held back, nor is anything
 * about a session whose T-15 comes before the quiet hours end, until it is over; what is essential goes at once by one channel, mail first.
 */
export function channelVerdict(
  { kind, channel, remindAt, endsAt }: { kind: NotificationKind; channel: Channel; remindAt: number; endsAt: number },
  recipient: Recipient,
  now: number,
): ChannelVerdict {
  const why = skipped(kind, channel, recipient);
  if (why !== null) return { do: 'skip', why };
  const { quietHours } = recipient.preferences;
  const group = GROUP_OF[kind];
  if (channel === 'in_app' || quietHours == null || group === 'reminders' || group === 'alerts') return SEND;
  const until = quietUntil(quietHours, recipient.timeZone, now);
  if (until === null || (remindAt <= until && now < endsAt)) return SEND;
  const isFirst = channel === 'email' || skipped(kind, 'email', recipient) !== null;
  return ESSENTIAL.has(group) && isFirst ? SEND : { do: 'postpone', until };
}

/** What somebody has chosen after a change of some of it; `quietHours: null` takes them away. */
export function mergePreferences(
  before: NotificationPreferences,
  change: NotificationPreferences,
): NotificationPreferences {
  const channels = { ...before.channels };
  for (const group of KIND_GROUPS) {
    const changed = change.channels?.[group];
    if (changed !== undefined) channels[group] = { ...channels[group], ...changed };
  }
  const quietHours = change.quietHours === undefined ? (before.quietHours ?? null) : change.quietHours;
  return { channels, quietHours };
}

/** Every choice, with what was left open as it counts. */
export function shownPreferences({ channels, quietHours }: NotificationPreferences): {
  channels: Record<KindGroup, Record<ChosenChannel, boolean>>;
  quietHours: QuietHours | null;
} {
  const shown = KIND_GROUPS.map((group) => {
    const { email = true, sms = true } = channels?.[group] ?? {};
    return [group, { email, sms }] as const;
  });
  return {
    channels: Object.fromEntries(shown) as Record<KindGroup, Record<ChosenChannel, boolean>>,
    quietHours: quietHours ?? null,
  };
}
