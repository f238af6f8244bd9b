import type { Answer, Deed } from './caller.js';
import type { Evidence, SeenAppointment } from './evidence.js';
import { broken, type Check, doubled, groupBy, isOver, lost, stuck } from './finding.js';

/** What people were answered stands in PostgreSQL, once; and every life ends. */

const succeeded = ({ answers }: Deed): Answer[] => answers.filter(({ code }) => code === null);
const byId = ({ appointments }: Evidence) => new Map(appointments.map((appointment) => [appointment.id, appointment]));

/** Every booking that was answered exists, and one that was refused does not. */
export const bookingsExist: Check = (evidence) => {
  const known = byId(evidence);
  const bookings = evidence.deeds.filter(({ act }) => act === 'book');
  const missing = bookings.flatMap((deed) =>
    succeeded(deed)
      .filter(({ body }) => known.get(String(body['id']))?.clientId !== deed.by)
      .map(({ body }) => lost(`booking ${String(body['id'])} of life ${deed.life} was answered and is not there`)),
  );
  const ofClient = groupBy(evidence.appointments, ({ clientId }) => clientId);
  const refused = bookings
    .filter((deed) => deed.answers.length > 0 && succeeded(deed).length === 0 && ofClient.has(deed.by))
    .map(({ life, by }) => broken(`life ${life}: the booking of ${by} was refused and is there`));
  return [...missing, ...refused];
};

/** What was wanted once happened once: nobody has more bookings, moves, extensions or refunds than they asked for. */
export const wishesOnce: Check = ({ deeds, appointments, timeline, refunds }) => {
  const wished = (act: Deed['act'], keyOf: (deed: Deed) => string | null) =>
    groupBy(
      deeds.filter((deed) => deed.act === act),
      keyOf,
    );
  const more = <T>(what: string, found: Map<string, T[]>, asked: Map<string, Deed[]>) =>
    [...found]
      .filter(([key, items]) => items.length > (asked.get(key)?.length ?? 0))
      .map(([key, items]) => doubled(`${items.length} ${what} of ${key}, asked for ${asked.get(key)?.length ?? 0}`));
  const done = (kind: string) =>
    groupBy(
      timeline.filter((entry) => entry.kind === kind && entry.refused === null),
      ({ appointmentId }) => appointmentId,
    );
  const ofAppointment = ({ appointmentId }: { appointmentId: string | null }) => appointmentId;
  const goodwill = refunds.filter(({ reason }) => reason === 'goodwill');
  return [
    ...more(
      'bookings',
      groupBy(appointments, ({ clientId }) => clientId),
      wished('book', ({ by }) => by),
    ),
    ...more('moves', done('reschedule'), wished('reschedule', ofAppointment)),
    ...more('extensions', done('extend'), wished('extend', ofAppointment)),
    ...more('refunds asked for', groupBy(goodwill, ofAppointment), wished('refund', ofAppointment)),
  ];
};

/** Whether the answered act has left its trace. */
function stands(act: Deed['act'], answer: Answer, appointment: SeenAppointment, evidence: Traces, by: string): boolean {
  const { body } = answer;
  switch (act) {
    case 'book':
      return true;
    case 'pay':
      return evidence.payments.has(String(body['id']));
    case 'refund':
      return evidence.refunds.has(String(body['id']));
    case 'join':
      return by === appointment.clientId ? appointment.clientJoined : appointment.therapistJoined;
    case 'activate':
    case 'force_confirm':
      return appointment.isActivated;
    case 'cancel':
      return appointment.status === 'cancelled' || appointment.status === 'no_show';
    case 'end':
    case 'reschedule':
    case 'extend':
      return evidence.happened.has(`${act} ${appointment.id}`);
  }
}

interface Traces {
  payments: Set<string>;
  refunds: Set<string>;
  /** `event appointment` of what the timeline tells of. */
  happened: Set<string>;
}

/** Everything that was answered with success has its trace: no answer was given for what a kill then took. */
export const answersStand: Check = (evidence) => {
  const known = byId(evidence);
  const traces: Traces = {
    payments: new Set(evidence.payments.map(({ id }) => id)),
    refunds: new Set(evidence.refunds.map(({ id }) => id)),
    happened: new Set(
      evidence.timeline
        .filter(({ refused }) => refused === null)
        .map(({ kind, appointmentId }) => `${kind} ${appointmentId}`),
    ),
  };
  return evidence.deeds.flatMap((deed) => {
    if (deed.appointmentId === null) return [];
    const appointment = known.get(deed.appointmentId);
    return succeeded(deed)
      .filter((answer) => appointment === undefined || !stands(deed.act, answer, appointment, traces, deed.by))
      .map(() => lost(`life ${deed.life}: ${deed.act} of ${deed.appointmentId} was answered and left no trace`));
  });
};

/** Whoever asks is answered in the end. */
export const everybodyAnswered: Check = ({ deeds }) =>
  deeds
    .filter(({ answers }) => answers.length === 0)
    .map(({ life, act, by, sent }) => stuck(`life ${life}: ${act} by ${by} was sent ${sent} times and never answered`));

/** Two clicks under one key got one answer. */
export const oneAnswerAKey: Check = ({ deeds }) =>
  deeds
    .filter((deed) => new Set(succeeded(deed).map(({ body }) => JSON.stringify(body['id']))).size > 1)
    .map(({ life, act, by }) => doubled(`life ${life}: ${act} by ${by}, wanted once, was answered with different ids`));

/** Every life is over 60 s into the quiet, once; and what was stored was worked off. */
export const livesEnd: Check = ({ stuckIds, timeline, unhandledMessages, appointments }) => {
  const known = new Set(appointments.map(({ id }) => id));
  const ends = timeline.filter(({ refused, status }) => refused === null && status !== null && isOver({ status }));
  const [booked, ended] = [
    groupBy(
      timeline.filter(({ kind }) => kind === 'booked'),
      ({ appointmentId }) => appointmentId,
    ),
    groupBy(ends, ({ appointmentId }) => appointmentId),
  ];
  const twice = (what: string, found: typeof booked) =>
    [...found].filter(([, entries]) => entries.length > 1).map(([id]) => doubled(`${id} was ${what} more than once`));
  return [
    ...stuckIds.map((id) => stuck(`appointment ${id} was not over after 60 s of quiet`)),
    ...appointments
      .filter((one) => !isOver(one) && !stuckIds.includes(one.id))
      .map(({ id }) => stuck(`appointment ${id} is not over`)),
    ...twice('booked', booked),
    ...twice('ended', ended),
    ...[...known].filter((id) => !booked.has(id)).map((id) => lost(`${id} has no booking in its timeline`)),
    ...unhandledMessages.map(({ id, kind, appointmentId }) =>
      lost(`message ${id} (${kind}) of ${appointmentId} was never worked off`),
    ),
  ];
};

const OF_APPOINTMENT = /^appointment-(.+)$/;
const OF_REFUND = /^refund-(.+)$/;

/** A workflow runs for every row that is not over, and for no other. */
export const workflowsMatchRows: Check = ({ openWorkflows, appointments, refunds }) => {
  const [rows, refundIds] = [new Map(appointments.map((one) => [one.id, one])), new Set(refunds.map(({ id }) => id))];
  const open = new Set(openWorkflows.flatMap((id) => OF_APPOINTMENT.exec(id)?.[1] ?? []));
  const strays = [...open]
    .filter((id) => !rows.has(id))
    .map((id) => broken(`a workflow runs for ${id}, which has no row`));
  const late = [...open]
    .filter((id) => rows.has(id) && isOver(rows.get(id)!))
    .map((id) => stuck(`the workflow of ${id}, which is over, runs on`));
  const left = appointments
    .filter((one) => !isOver(one) && !open.has(one.id))
    .map(({ id }) => stuck(`${id} is not over and has no workflow`));
  const strayRefunds = openWorkflows
    .flatMap((id) => OF_REFUND.exec(id)?.[1] ?? [])
    .filter((id) => !refundIds.has(id))
    .map((id) => broken(`a workflow runs for refund ${id}, which has no row`));
  return [...strays, ...late, ...left, ...strayRefunds];
};
