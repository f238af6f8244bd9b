import { readContact } from '../../db/people.js';
import { readRoom } from '../../db/rooms.js';
import * as messages from '../../workflows/messages.js';
import { openCheckout } from '../support/refunds.js';
import * as steps from '../support/steps.js';
import * as ends from './ends.js';
import type { GatedWorld } from './gated-world.js';
import * as life from './life.js';
import type { Begun, Prepared, Transition } from './life.js';
import * as places from './places.js';
import type { VendorItem } from './vendor-gate.js';

/** What an appointment asks of vendors: by its workflow's activities, and by the relays that work off its rows. */

const minutes = (count: number) => count * life.MINUTE_MS;
const QUICK_MS = 200;

const prepared = ({ id, parties }: Begun): Pick<Prepared, 'appointmentId' | 'parties'> => ({
  appointmentId: id,
  parties,
});

/** Unpaid with a checkout open at Stripe: before it expires, Stripe is asked, and the checkout made unpayable. */
async function unpaidWithCheckout(world: GatedWorld, startsAt: number) {
  const begun = await life.booked(world, { startsAt, policy: { paymentWindowMinutes: 600 } });
  const { providerRef } = await openCheckout(world, begun.id, 'stripe');
  const isCancel = ({ method, path }: VendorItem) => method === 'POST' && path.includes(`/${providerRef}/cancel`);
  const effects = {
    'the checkout’s end': async () =>
      (await world.providers.stripe.fetchPayment(providerRef)).status === 'canceled' ? 1 : 0,
  };
  const marks = {
    ...life.marksOf(begun.id, begun.parties, ''),
    activity: 'askProviderForMoney',
    request: isCancel,
    note: /"payment_checked_at"/,
    result: '"ended"',
  };
  return { begun, marks, effects };
}

async function askedBeforeExpiry(world: GatedWorld, at: number): Promise<Prepared> {
  const { begun, marks, effects } = await unpaidWithCheckout(world, at);
  return { ...prepared(begun), marks, expected: { ...ends.EXPIRED_UNPAID, effects } };
}

async function askedAfterCancel(world: GatedWorld, at: number): Promise<Prepared> {
  const { begun, marks, effects } = await unpaidWithCheckout(world, at + minutes(80));
  const { id, parties } = begun;
  const client = { role: 'client', id: parties.client.id } as const;
  return {
    ...prepared(begun),
    marks,
    happen: () => steps.request(world, id, messages.cancelAppointment, client, 'a test'),
    expected: {
      result: ends.over('cancelled', 'cancelled'),
      timeline: ['booked', 'cancel'],
      wallet: 100_000,
      told: ['booking_made', 'cancelled'],
      effects,
    },
  };
}

/** A video room at the vendor, once somebody has connected to it. */
async function roomOf(world: GatedWorld, id: string): Promise<string> {
  return (await readRoom(world.db, id))!.sid!;
}

/** Only the client came: at the end the room is asked who was there. */
async function attendanceRead(world: GatedWorld, at: number): Promise<Prepared> {
  const startsAt = at - 10 * QUICK_MS;
  const begun = await life.opened(world, { startsAt, policy: { minuteMs: QUICK_MS }, sessionMode: 'video' });
  const { id, parties } = begun;
  await steps.join(world, id, 'client', parties.client);
  const sid = await roomOf(world, id);
  return {
    ...prepared(begun),
    marks: {
      ...life.marksOf(id, parties, ''),
      activity: 'readAttendance',
      request: ({ path }) => path.includes(sid) && path.includes('/Participants'),
      note: /"attendance_read_at"/,
    },
    expected: {
      result: ends.over('no_show', 'therapist_absent'),
      timeline: [...ends.OPEN, 'join', 'duration_over'],
      wallet: 100_000,
      earned: 0,
      told: [...ends.TOLD_OPEN, 'no_show'],
    },
  };
}

const ROOM_NOTE = /(insert into|update) "?room"? /;

async function roomMade(world: GatedWorld, at: number): Promise<Prepared> {
  const begun = await life.activated(world, { startsAt: at + minutes(5), sessionMode: 'video' });
  const { id, parties } = begun;
  const { meetingId } = await world.db
    .selectFrom('appointment')
    .where('id', '=', id)
    .select('meetingId')
    .executeTakeFirstOrThrow();
  const isCreate = ({ method, path, body }: VendorItem) =>
    method === 'POST' && path.endsWith('/Rooms') && body.includes(meetingId);
  return {
    ...prepared(begun),
    marks: { ...life.marksOf(id, parties, ''), request: isCreate, note: ROOM_NOTE },
    expected: ends.nobodyCame(ends.OPEN, ends.TOLD_OPEN),
  };
}

async function roomClosed(world: GatedWorld, at: number): Promise<Prepared> {
  const startsAt = at - 10 * QUICK_MS;
  const begun = await life.underWay(world, { startsAt, policy: { minuteMs: QUICK_MS }, sessionMode: 'video' });
  const sid = await roomOf(world, begun.id);
  const isClose = ({ method, path, body }: VendorItem) =>
    method === 'POST' && path.includes(`/Rooms/${sid}`) && body.includes('completed');
  return {
    ...prepared(begun),
    marks: { ...life.marksOf(begun.id, begun.parties, ''), request: isClose, note: ROOM_NOTE },
    expected: ends.completed('duration_over', [...ends.OPEN, 'join', 'join', 'duration_over'], 10, ends.TOLD_OPEN),
  };
}

/** T-5 by one way, to the client: its row lies ready since T-15. */
async function told(world: GatedWorld, at: number, channel: 'sms' | 'email'): Promise<Prepared> {
  const begun = await life.activated(world, { startsAt: at + minutes(5) });
  const { id, parties } = begun;
  await steps.sleep(at - 1_000 - Date.now());
  const client = (await readContact(world.db, parties.client.id))!;
  const row = await world.db
    .selectFrom('notification')
    .where('appointmentId', '=', id)
    .where('kind', '=', 't5')
    .where('channel', '=', channel)
    .where('recipientId', '=', parties.client.id)
    .select('id')
    .executeTakeFirstOrThrow();
  return {
    ...prepared(begun),
    marks: {
      ...life.marksOf(id, parties, ''),
      keys: [row.id],
      request: ({ method, path, body }) =>
        method === 'POST' && path.includes('/Messages') && body.includes(client.phone!.slice(1)),
      mail: (text) => text.includes(client.email!) && text.includes('join_open'),
      note: /update "?notification"? /,
    },
    expected: ends.nobodyCame(ends.OPEN, ends.TOLD_OPEN),
  };
}

/** An activation whose signal never went out: the relay sends it, 2 s later. */
async function signalRelayed(world: GatedWorld, at: number): Promise<Prepared> {
  const begun = await life.paid(world, { startsAt: at + minutes(20) });
  const { id, parties } = begun;
  const marks = life.marksOf(id, parties, '');
  const keys = [...marks.keys];
  return {
    ...prepared(begun),
    marks: {
      ...marks,
      keys,
      call: ({ method, request }) => method === 'SignalWorkflowExecution' && request.includes(marks.workflowId),
      note: /update "message" set "delivered_at"/,
    },
    happen: async () => {
      keys.push(await steps.activateStoredOnly(world, id, await life.adminOf(world)));
    },
    expected: ends.nobodyCame(ends.OPEN, ends.TOLD_OPEN),
  };
}

export const VENDOR_LIVES: readonly Transition[] = [
  { name: 'asked for money before the expiry', places: places.ACTIVITY_PLACES, prepare: askedBeforeExpiry },
  { name: 'asked for money after the cancellation', places: places.ACTIVITY_PLACES, prepare: askedAfterCancel },
  { name: 'cancellation’s end', places: places.END_PLACES, prepare: askedAfterCancel },
  { name: 'attendance read', places: places.ACTIVITY_PLACES, prepare: attendanceRead },
  {
    name: 'room made',
    relay: { name: 'rooms', stands: 'together' },
    places: places.VENDOR_RELAY_PLACES,
    prepare: roomMade,
  },
  {
    name: 'room closed',
    relay: { name: 'rooms', stands: 'alone' },
    places: places.VENDOR_RELAY_PLACES,
    prepare: roomClosed,
  },
  {
    name: 'SMS sent',
    relay: { name: 'sms', stands: 'alone' },
    places: places.VENDOR_RELAY_PLACES,
    prepare: (world, at) => told(world, at, 'sms'),
  },
  {
    name: 'mail sent',
    relay: { name: 'mail', stands: 'alone' },
    places: places.MAIL_PLACES,
    prepare: (world, at) => told(world, at, 'email'),
  },
  {
    name: 'signal relayed',
    relay: { name: 'messages', stands: 'alone' },
    places: places.CALL_PLACES,
    prepare: signalRelayed,
  },
];
