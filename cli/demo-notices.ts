import type { Notice } from './notices.js';

type Channel = Notice['channel'];
type Expected = Record<string, readonly Channel[]>;

const QUIET = ['email', 'in_app'] as const;
const URGENT = ['email', 'sms', 'in_app'] as const;

/** Who is told what in a life without a hitch, and how. Source: docs/lifecycle.md, "Who is told". */
export const EXPECTED_NOTICES: Record<'client' | 'therapist' | 'admin', Expected> = {
  client: {
    booking_made: QUIET,
    payment_received: QUIET,
    approved: QUIET,
    session_reminder: URGENT,
    join_open: URGENT,
    completed: QUIET,
  },
  therapist: {
    approval_pending: QUIET,
    approved: QUIET,
    session_reminder: URGENT,
    join_open: URGENT,
    completed: QUIET,
  },
  admin: {},
};

const CHANNELS: readonly Channel[] = ['email', 'sms', 'in_app'];

function countsOf(kinds: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of kinds) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

/** A channel that doesn't say its kinds is judged by how many came, and that no two are the same. */
function unnamedFindings(where: string, notices: readonly Notice[], expected: readonly string[]): string[] {
  const different = new Set(notices.map(({ text }) => text)).size;
  const findings: string[] = [];
  if (notices.length !== expected.length) findings.push(`${where}: ${notices.length} came, not ${expected.length}`);
  if (different !== notices.length) findings.push(`${where}: ${notices.length - different} came twice`);
  return findings;
}

function channelFindings(
  role: string,
  channel: Channel,
  notices: readonly Notice[],
  expected: readonly string[],
): string[] {
  const where = `${role} by ${channel}`;
  if (notices.some(({ kind }) => kind === null)) return unnamedFindings(where, notices, expected);
  const counts = countsOf(notices.map(({ kind }) => kind!));
  const missing = expected.filter((kind) => !counts.has(kind)).map((kind) => `${where}: ${kind} is missing`);
  const odd = [...counts].flatMap(([kind, count]) => {
    if (!expected.includes(kind)) return [`${where}: ${kind} was not to come`];
    return count === 1 ? [] : [`${where}: ${kind} came ${count} times`];
  });
  return [...missing, ...odd];
}

/** Every way in which what a person was told of one appointment isn't each expected kind exactly once per channel. */
export function checkNotices(role: keyof typeof EXPECTED_NOTICES, notices: readonly Notice[]): string[] {
  const expected = Object.entries(EXPECTED_NOTICES[role]);
  return CHANNELS.flatMap((channel) =>
    channelFindings(
      role,
      channel,
      notices.filter((notice) => notice.channel === channel),
      expected.filter(([, channels]) => channels.includes(channel)).map(([kind]) => kind),
    ),
  );
}
