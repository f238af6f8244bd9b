import { DEMO_CLIENTS, DEMO_THERAPISTS, type SeedPerson } from '../db/seed-people.js';
import { PAYMENT_METHODS, SESSION_MODES, type PaymentMethod, type SessionMode } from '../domain/types.js';

/** One appointment to be played: who, how it is paid and held, and what ends it. */
export interface Plan {
  client: SeedPerson;
  therapist: SeedPerson;
  method: PaymentMethod;
  mode: SessionMode;
  end: 'by_hand' | 'by_duration';
}

/** From booking to start in real time: room to pay and be activated before T-15, and for timers that are coarse. */
export const LEAD_MS = 14_000;
export const DURATION_MINUTES = 30;
/** A session that is ended by hand ends so many policy minutes after its start. */
export const END_BY_HAND_MINUTES = 6;

function planOf(pair: number, method: PaymentMethod, mode: SessionMode, end: Plan['end']): Plan {
  return { client: DEMO_CLIENTS[pair]!, therapist: DEMO_THERAPISTS[pair]!, method, mode, end };
}

/** Every method with every mode, each with people of its own; the first is ended by the therapist's hand. */
export const NINE_LIVES: readonly Plan[] = PAYMENT_METHODS.flatMap((method, row) =>
  SESSION_MODES.map((mode, column) => {
    const pair = row * SESSION_MODES.length + column;
    return planOf(pair, method, mode, pair === 0 ? 'by_hand' : 'by_duration');
  }),
);

/** What `npm start` shows, with the tenth pair: it never meets the demo's slots. */
export const FIRST_LIFE: Plan = planOf(9, 'wallet', 'video', 'by_duration');

export const nameOf = ({ method, mode }: Plan): string => `${method}/${mode}`;
