import type { Effect, LifecycleEvent } from './events.js';
import type { GuardName } from './guards.js';
import type { RefusalCode } from './refusals.js';
import type { OutcomeReason, Status } from './types.js';

/** Instants of the record that a rule sets to the moment of its event, or clears. */
export type Stamp = 'paidAt' | 'activatedAt' | 'forcedAt' | 'remindedAt' | 'openedAt';

/** What a rule leads to: a transition (perhaps to the same status), or a refusal (perhaps with effects). */
export type Verdict =
  | {
      to: Status | 'same';
      set?: Stamp[];
      clear?: Stamp[];
      reason?: OutcomeReason;
      /** Takes over the new times of the event: a new start with its deadlines, or a later end. */
      moves?: 'start' | 'end';
      does?: Effect[];
      quiet?: true;
    }
  | { refuse: RefusalCode; does?: Effect[] };

/** One row of the table. The first row whose `event`, `from` and every `when` match decides. */
export interface Rule {
  event: LifecycleEvent;
  from: readonly Status[];
  when?: readonly GuardName[];
  then: Verdict;
}

export const OVER = ['completed', 'cancelled', 'expired', 'no_show'] as const;
export const LIVE = ['confirmed', 'in_progress'] as const;
export const ALL = ['scheduled', ...LIVE, ...OVER] as const;

export const tell = (
  kind: Extract<Effect, { do: 'notify' }>['kind'],
  ...to: Extract<Effect, { do: 'notify' }>['to']
): Effect => ({
  do: 'notify',
  kind,
  to,
});
/** Nothing changes and nobody is told: the event has lost its meaning, or happened already. */
export const nothing: Verdict = { to: 'same', quiet: true };
export const closing = (...more: Effect[]): Effect[] => [...more, { do: 'free_lease' }, { do: 'void_unsent' }];
export const completed = (reason: OutcomeReason): Verdict => ({
  to: 'completed',
  reason,
  does: closing({ do: 'settle_hold' }, tell('completed', 'client', 'therapist')),
});
export const noShow = (reason: OutcomeReason, money: 'settle_hold' | 'void_hold'): Verdict => ({
  to: 'no_show',
  reason,
  does: closing({ do: money }, tell('no_show', 'client', 'therapist')),
});

/** Completed, but not charged: the therapist was hardly there. */
export const left: Verdict = {
  to: 'completed',
  reason: 'therapist_left',
  does: closing({ do: 'void_hold' }, tell('completed', 'client', 'therapist')),
};
export const cancelled = (...audience: ('client' | 'therapist')[]): Verdict => ({
  to: 'cancelled',
  reason: 'cancelled',
  does: closing({ do: 'charge_cancellation' }, tell('cancelled', ...audience)),
});
