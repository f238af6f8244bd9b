/** What a bare life is given at its start; the same times as the appointment it is compared with. */
export interface BareInput {
  /** How many search attribute upserts it makes, so that both sides make the same number. */
  upserts: number;
}

/** The booking's answer of the bare workflow. */
export interface BareBooking {
  /** Due times of its three timers, epoch ms. */
  remindAt: number;
  opensAt: number;
  endsAt: number;
}

export type BareTransition = 'booked' | 'paid' | 'activated' | 't15' | 't5' | 'client' | 'therapist' | 'ended';

/** The bare workflow's only local activity. */
export interface BareActivities {
  insertTransition(input: { id: string; kind: BareTransition }): Promise<void>;
}
