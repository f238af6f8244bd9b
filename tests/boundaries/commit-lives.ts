import { randomUUID } from 'node:crypto';
import * as messages from '../../workflows/messages.js';
import { openCheckout, payAtProvider } from '../support/refunds.js';
import * as steps from '../support/steps.js';
import type { GatedWorld } from './gated-world.js';
import * as life from './life.js';
import type { Begun, Expected, LifeOptions, Prepared, Transition } from './life.js';
import * as ends from './ends.js';
import { COMMIT_PLACES } from './places.js';

/** Every transition of an appointment: what is done before, what happens at the moment, and how it must end. */

const { over, nobodyCame, neverActivated, completed, BOOKED, PAID, ACTIVE, OPEN, TOLD_PAID, TOLD_OPEN } = ends;

const minutes = (count: number) => count * life.MINUTE_MS;
const byAdmin = async (world: GatedWorld) => ({ role: 'admin' as const, id: (await life.adminOf(world)).id });

interface Step {
  name: string;
  kind: string;
  /** Brings it to right before, given the moment. */
  from: (world: GatedWorld, options: LifeOptions) => Promise<Begun>;
  /** When it starts, in minutes after the moment. */
  startsIn: number;
  options?: Partial<LifeOptions>;
  happen?: (world: GatedWorld, begun: Begun) => Promise<unknown>;
  after?: (world: GatedWorld, begun: Begun) => Promise<unknown>;
  expected: Expected;
}

function transition({ name, kind, from, startsIn, options, happen, after, expected }: Step): Transition {
  return {
    name,
    places: COMMIT_PLACES,
    async prepare(world, at): Promise<Prepared> {
      const minuteMs = options?.policy?.minuteMs ?? life.MINUTE_MS;
      const begun = await from(world, { startsAt: at + startsIn * minuteMs, ...options });
      const { id, parties } = begun;
      return {
        marks: life.marksOf(id, parties, kind),
        ...(happen === undefined ? {} : { happen: () => happen(world, begun) }),
        ...(after === undefined ? {} : { after: () => after(world, begun) }),
        appointmentId: id,
        parties,
        expected,
      };
    },
  };
}

const bothJoin = async (world: GatedWorld, { id, parties }: Begun) => {
  await steps.join(world, id, 'client', parties.client);
  await steps.join(world, id, 'therapist', parties.therapist);
};

/** Its booking is the transition: nothing is there before. */
const booking: Transition = {
  name: 'booked',
  places: COMMIT_PLACES,
  async prepare(world, at) {
    const parties = await life.makeParties(world, { paymentWindowMinutes: 25 });
    const appointmentId = randomUUID();
    const startsAt = at + minutes(80);
    return {
      marks: life.marksOf(appointmentId, parties, 'booked'),
      isNew: true,
      happen: () => steps.book(world, { ...parties, inMs: startsAt - Date.now(), appointmentId, sessionMode: 'chat' }),
      appointmentId,
      parties,
      expected: {
        result: over('expired', 'payment'),
        timeline: [...BOOKED, 'payment_window_over'],
        wallet: 100_000,
        told: ['booking_made', 'expired_payment'],
      },
    };
  },
};

/** Its money is at the provider; the event is stored at the moment, and the relay tells the workflow. */
const paidByCard: Transition = {
  name: 'paid by card',
  places: COMMIT_PLACES,
  relay: { name: 'messages', stands: 'no' },
  async prepare(world, at) {
    const { id, parties } = await life.booked(world, { startsAt: at + minutes(25) });
    const open = await openCheckout(world, id, 'stripe');
    return {
      marks: life.marksOf(id, parties, 'payment_settled'),
      happen: () => payAtProvider(world, open),
      appointmentId: id,
      parties,
      expected: neverActivated(
        [...PAID, 'reminder_due', 'opening_due', 'refund_completed'],
        ['approval_pending', 'booking_made', 'payment_received', 'refund_completed', 't15', 't5'],
      ),
    };
  },
};

const beforeStart: Step[] = [
  {
    name: 'paid',
    kind: 'payment_settled',
    from: life.booked,
    startsIn: 20,
    happen: (world, { id }) => steps.payFromWallet(world, id),
    expected: neverActivated(
      [...PAID, 'reminder_due', 'opening_due'],
      ['approval_pending', 'booking_made', 'payment_received', 't15', 't5'],
    ),
  },
  {
    name: 'activated',
    kind: 'activate',
    from: life.paid,
    startsIn: 20,
    happen: async (world, { id }) => steps.activate(world, id, await life.adminOf(world)),
    expected: nobodyCame(OPEN, TOLD_OPEN),
  },
  {
    name: 'activation taken back',
    kind: 'deactivate',
    from: life.activated,
    startsIn: 65,
    happen: async (world, { id }) =>
      steps.request(world, id, messages.deactivate, await byAdmin(world), 'not yet checked'),
    expected: neverActivated(
      [...ACTIVE, 'deactivate', 'reminder_due', 'opening_due'],
      [...TOLD_OPEN, 'approval_taken_back'],
    ),
  },
  { name: 'reminded', kind: 'reminder_due', from: life.activated, startsIn: 12, expected: nobodyCame(OPEN, TOLD_OPEN) },
  {
    name: 'confirmed',
    kind: 'opening_due',
    from: life.activated,
    startsIn: 5,
    after: bothJoin,
    expected: completed('duration_over', [...OPEN, 'join', 'join', 'duration_over'], 10, TOLD_OPEN),
  },
  {
    name: 'forced',
    kind: 'force_confirm',
    from: life.paid,
    startsIn: 65,
    happen: async (world, { id }) =>
      steps.request(world, id, messages.forceConfirm, await byAdmin(world), 'begins early'),
    expected: nobodyCame(
      [...PAID, 'force_confirm'],
      ['approval_pending', 'booking_made', 'opened_early', 'payment_received'],
    ),
  },
  {
    name: 'cancelled',
    kind: 'cancel',
    from: life.activated,
    startsIn: 80,
    happen: (world, { id, parties }) =>
      steps.request(world, id, messages.cancelAppointment, { role: 'client', id: parties.client.id }, 'a test'),
    expected: {
      result: over('cancelled', 'cancelled'),
      timeline: [...ACTIVE, 'cancel'],
      wallet: 99_500, // half of it: less than a day before
      earned: 400,
      told: [...TOLD_PAID, 'cancelled'],
    },
  },
  {
    name: 'rescheduled',
    kind: 'reschedule',
    from: life.activated,
    startsIn: 120,
    happen: async (world, { id }) =>
      steps.request(world, id, messages.rescheduleAppointment, await byAdmin(world), undefined, {
        startsAt: (await steps.stored(world, id)).startsAt - minutes(60),
      }),
    expected: nobodyCame([...ACTIVE, 'reschedule', 'reminder_due', 'opening_due'], [...TOLD_OPEN, 'rescheduled']),
  },
];

const QUICK = { policy: { minuteMs: 200 } };

const fromStart: Step[] = [
  {
    name: 'joined',
    kind: 'join',
    from: life.opened,
    startsIn: 0,
    options: { durationMinutes: 30 },
    happen: (world, { id, parties }) => steps.join(world, id, 'client', parties.client),
    after: (world, { id, parties }) => steps.join(world, id, 'therapist', parties.therapist),
    expected: completed('duration_over', [...OPEN, 'join', 'join', 'duration_over'], 30, TOLD_OPEN),
  },
  {
    name: 'extended',
    kind: 'extend',
    from: life.underWay,
    startsIn: 1,
    options: { durationMinutes: 60 },
    happen: (world, { id, parties }) =>
      steps.request(world, id, messages.extendSession, { role: 'therapist', id: parties.therapist.id }, undefined, {
        minutes: 10,
      }),
    expected: completed('duration_over', [...OPEN, 'join', 'join', 'extend', 'duration_over'], 60, [
      ...TOLD_OPEN,
      'extended',
    ]),
  },
  {
    name: 'ended by a party',
    kind: 'end',
    from: life.underWay,
    startsIn: 1,
    options: { durationMinutes: 60 },
    happen: (world, { id, parties }) => steps.endBy(world, id, 'client', parties.client),
    expected: completed('ended_by_party', [...OPEN, 'join', 'join', 'end'], 60, TOLD_OPEN),
  },
  {
    name: 'completed',
    kind: 'duration_over',
    from: life.underWay,
    startsIn: -10,
    options: QUICK,
    expected: completed('duration_over', [...OPEN, 'join', 'join', 'duration_over'], 10, TOLD_OPEN),
  },
  {
    name: 'no-show of both',
    kind: 'duration_over',
    from: life.opened,
    startsIn: -10,
    options: QUICK,
    expected: nobodyCame(OPEN, TOLD_OPEN),
  },
  {
    name: 'no-show, ended by who waited',
    kind: 'end',
    from: async (world, options) => {
      const begun = await life.opened(world, options);
      await steps.join(world, begun.id, 'therapist', begun.parties.therapist);
      return begun;
    },
    startsIn: -2,
    options: { durationMinutes: 60, policy: { absenceMinutes: 1 } },
    happen: (world, { id, parties }) => steps.endBy(world, id, 'therapist', parties.therapist),
    expected: {
      result: over('no_show', 'client_absent'),
      timeline: [...OPEN, 'join', 'end'],
      wallet: 94_000,
      earned: 4_800,
      told: [...TOLD_OPEN, 'no_show'],
    },
  },
  {
    name: 'expired unpaid',
    kind: 'payment_window_over',
    from: life.booked,
    startsIn: 0,
    options: { policy: { paymentWindowMinutes: 600 } },
    expected: ends.EXPIRED_UNPAID,
  },
  {
    name: 'expired unactivated',
    kind: 'activation_window_over',
    from: life.paid,
    startsIn: -10,
    options: QUICK,
    expected: neverActivated(
      [...PAID, 'reminder_due', 'opening_due'],
      ['approval_pending', 'booking_made', 'payment_received', 't15', 't5'],
    ),
  },
];

export const COMMIT_LIVES: readonly Transition[] = [
  booking,
  paidByCard,
  ...beforeStart.map(transition),
  ...fromStart.map(transition),
];
