import { DEMO_CLIENTS, DEMO_THERAPISTS, type SeedPerson } from '../db/seed-people.js';
import type { PaymentMethod, SessionMode } from '../domain/types.js';

/** The lives that `npm run demo -- --money` plays, in the order in which it reports them. */
export const STORIES = [
  'decline-then-pay',
  'paid-too-late',
  'late-cancellation',
  'therapist-no-show',
  'partial-refund',
  'extended',
] as const;
export type Story = (typeof STORIES)[number];

/** One of them: who, how it is paid and held. */
export interface MoneyPlan {
  name: Story;
  /** One line for people. */
  about: string;
  client: SeedPerson;
  therapist: SeedPerson;
  method: PaymentMethod;
  mode: SessionMode;
}

/** By how many policy minutes the therapist extends. */
export const EXTRA_MINUTES = 15;

const HOW: Record<Story, Pick<MoneyPlan, 'method' | 'mode' | 'about'>> = {
  'decline-then-pay': {
    method: 'stripe',
    mode: 'video',
    about: 'the card is declined, a second try goes through, the session is held',
  },
  'paid-too-late': {
    method: 'razorpay',
    mode: 'video',
    about: 'the order is paid after the payment window: it never books, all goes back',
  },
  'late-cancellation': {
    method: 'stripe',
    mode: 'audio',
    about: 'the client cancels within 24 h of the start: half is charged, the rest goes back',
  },
  'therapist-no-show': {
    method: 'razorpay',
    mode: 'audio',
    about: 'the therapist never comes: all goes back',
  },
  'partial-refund': {
    method: 'stripe',
    mode: 'chat',
    about: 'after the session an admin returns two thirds in two parts, out of the earnings',
  },
  extended: {
    method: 'wallet',
    mode: 'video',
    about: 'the therapist extends by 15 minutes: the price stays',
  },
};

/** Each with people of its own, so that lives played side by side never meet each other's slot or wallet. */
export const MONEY_LIVES: readonly MoneyPlan[] = STORIES.map((name, pair) => ({
  name,
  ...HOW[name],
  client: DEMO_CLIENTS[pair]!,
  therapist: DEMO_THERAPISTS[pair]!,
}));
