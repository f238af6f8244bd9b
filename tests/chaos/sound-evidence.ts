import type { Deed } from './caller.js';
import type { Evidence, SeenNotice } from './evidence.js';

/** Evidence of a run that went well, for tests to break: one life held and paid by card, one cancelled late. */

const [HELD, CANCELLED] = ['a-held', 'a-cancelled'];

function deed(act: Deed['act'], appointmentId: string | null, body: Record<string, unknown>, by = 'client-1'): Deed {
  const life = by.endsWith('2') ? 2 : 1;
  return { life, act, by, appointmentId, askedAt: 0, sent: 1, answers: [{ at: 1, status: 200, code: null, body }] };
}

let noticeNumber = 0;

function told(appointmentId: string, kind: string, role: 'client' | 'therapist', person: string): SeenNotice[] {
  const urgent = kind === 'cancelled' ? (['email', 'in_app', 'sms'] as const) : (['email', 'in_app'] as const);
  return urgent.map((channel) => {
    const id = `n-${(noticeNumber += 1)}`;
    const providerRef = channel === 'sms' ? `SM-${id}` : null;
    const phone = `+999${person}`;
    return {
      id,
      appointmentId,
      kind,
      recipientId: person,
      role,
      channel,
      status: 'sent',
      attempts: 1,
      providerRef,
      phone,
    };
  });
}

/** A copy of its own at every call. */
export function soundEvidence(): Evidence {
  noticeNumber = 0;
  const notices = [
    ...told(HELD, 'booking_made', 'client', 'client-1'),
    ...told(HELD, 'payment_received', 'client', 'client-1'),
    ...told(HELD, 'completed', 'client', 'client-1'),
    ...told(HELD, 'completed', 'therapist', 'therapist-1'),
    ...told(CANCELLED, 'booking_made', 'client', 'client-2'),
    ...told(CANCELLED, 'payment_received', 'client', 'client-2'),
    ...told(CANCELLED, 'cancelled', 'client', 'client-2'),
    ...told(CANCELLED, 'cancelled', 'therapist', 'therapist-2'),
  ];
  const appointment = {
    outcomeReason: 'cancelled',
    priceMinor: 1_000,
    isPaid: true,
    clientJoined: false,
    therapistJoined: false,
    isActivated: true,
    hold: 'settled' as const,
  };
  const payment = { method: 'stripe', status: 'completed', capturedMinor: 1_000 };
  return {
    deeds: [
      deed('book', null, { id: HELD }),
      deed('pay', HELD, { id: 'p-1' }),
      deed('activate', HELD, {}, 'admin'),
      deed('join', HELD, {}),
      deed('join', HELD, {}, 'therapist-1'),
      deed('end', HELD, {}, 'therapist-1'),
      deed('book', null, { id: CANCELLED }, 'client-2'),
      deed('pay', CANCELLED, { id: 'p-2' }, 'client-2'),
      deed('reschedule', CANCELLED, {}, 'client-2'),
      deed('cancel', CANCELLED, {}, 'client-2'),
    ],
    stuckIds: [],
    appointments: [
      {
        ...appointment,
        id: HELD,
        clientId: 'client-1',
        status: 'completed',
        outcomeReason: 'ended_by_party',
        paidPaymentId: 'p-1',
        clientJoined: true,
        therapistJoined: true,
      },
      { ...appointment, id: CANCELLED, clientId: 'client-2', status: 'cancelled', paidPaymentId: 'p-2' },
    ],
    payments: [
      { ...payment, id: 'p-1', appointmentId: HELD },
      { ...payment, id: 'p-2', appointmentId: CANCELLED, status: 'partially_refunded' },
    ],
    refunds: [
      {
        id: 'r-1',
        appointmentId: CANCELLED,
        paymentId: 'p-2',
        method: 'stripe',
        destination: 'source',
        amountMinor: 500,
        status: 'completed',
        reason: 'cancelled',
      },
    ],
    settlements: [
      { appointmentId: HELD, chargedMinor: 1_000 },
      { appointmentId: CANCELLED, chargedMinor: 500 },
    ],
    earnings: [{ appointmentId: HELD }, { appointmentId: CANCELLED }],
    timeline: [
      { appointmentId: HELD, kind: 'booked', refused: null, status: 'scheduled' },
      { appointmentId: HELD, kind: 'end', refused: null, status: 'completed' },
      { appointmentId: CANCELLED, kind: 'booked', refused: null, status: 'scheduled' },
      { appointmentId: CANCELLED, kind: 'reschedule', refused: null, status: 'scheduled' },
      { appointmentId: CANCELLED, kind: 'cancel', refused: null, status: 'cancelled' },
    ],
    unhandledMessages: [],
    notices,
    brokenLedgerRules: [],
    ledgerBooks: { captured: { 'p-1': 1_000, 'p-2': 1_000 }, refunded: { 'r-1': 500 } },
    openWorkflows: ['reconcile-payments'],
    vendors: {
      payments: [
        { ref: 'pi_1', paymentId: 'p-1', status: 'succeeded', amountMinor: 1_000 },
        { ref: 'pi_2', paymentId: 'p-2', status: 'succeeded', amountMinor: 1_000 },
      ],
      refunds: [{ id: 're_1', refundId: 'r-1', status: 'succeeded', amountMinor: 500 }],
      sms: notices
        .filter(({ channel }) => channel === 'sms')
        .map(({ providerRef, phone }) => ({ messageId: providerRef!, to: phone!, body: 'x' })),
      mails: notices
        .filter(({ channel }) => channel === 'email')
        .map(({ id }) => ({ messageId: `<${id}@punctual.test>` })),
    },
  };
}
