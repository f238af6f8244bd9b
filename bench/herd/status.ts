import type { Status } from '../../domain/types.js';

/** When somebody joined, by PostgreSQL's clock: sent, and (once it is known) answered as let in. */
export interface JoinMoment {
  sentAt: number;
  /** null: not answered yet, or not with 200: nobody knows whether it counts. */
  letInAt: number | null;
}

/** One read of an appointment: its status, and between which two moments of PostgreSQL's clock it was looked up. */
export interface SeenStatus {
  status: string;
  from: number;
  to: number;
}

/** What a read has shown. */
export type ReadVerdict = 'right' | 'early' | 'stale' | 'wrong';

/**
 * Whether a paid and activated appointment's shown status is what the clock says at some moment of the read: scheduled
 * until T-5, then confirmed, in progress from its first join on. Source: docs/lifecycle.md.
 * @param opensAt T-5, epoch ms
 */
export function judgeRead({ status, from, to }: SeenStatus, opensAt: number, join: JoinMoment | null): ReadVerdict {
  const mayBe = new Set<Status>();
  if (from < opensAt) mayBe.add('scheduled');
  if (to >= opensAt) {
    if (join === null || join.letInAt === null || from < join.letInAt) mayBe.add('confirmed');
    if (join !== null && join.sentAt <= to) mayBe.add('in_progress');
  }
  if (mayBe.has(status as Status)) return 'right';
  if (status === 'scheduled' || status === 'confirmed') return to < opensAt ? 'early' : 'stale';
  return status === 'in_progress' ? 'early' : 'wrong';
}
