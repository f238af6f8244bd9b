import { randomUUID } from 'node:crypto';
import { leaveSession } from '../../../db/joins.js';
import { readRoom, roomIdentity } from '../../../db/rooms.js';
import type { Participant, SessionMode } from '../../../domain/types.js';
import * as messages from '../../../workflows/messages.js';
import * as steps from '../../support/steps.js';
import { MINUTE_MS, over, type Parties, type Script, type Shape, type Stage } from './stage.js';

/** Sessions that took place, or to which somebody did not come. */

const SOON = { inMs: 18 * MINUTE_MS };

const heldBy =
  (sessionMode: SessionMode): Script =>
  async (stage) => {
    const people = await stage.parties();
    const id = await stage.confirmed({ ...people, ...SOON, sessionMode });
    await stage.bothJoin(id, people);
    return stage.workflowOf(id);
  };

/** In the conversation together, with a session long enough to be ended by hand. */
async function together(stage: Stage): Promise<{ id: string; people: Parties }> {
  const people = await stage.parties();
  const id = await stage.confirmed({ ...people, ...SOON, sessionMode: 'chat', durationMinutes: 60 });
  await stage.bothJoin(id, people);
  return { id, people };
}

const endedBy =
  (participant: Participant): Script =>
  async (stage) => {
    const { id, people } = await together(stage);
    await steps.endBy(stage.world, id, participant, people[participant]);
    return stage.workflowOf(id);
  };

/** Only one came, who waits until the end of the duration. */
const onlyCame =
  (participant: Participant, sessionMode: SessionMode): Script =>
  async (stage) => {
    const people = await stage.parties();
    const id = await stage.confirmed({ ...people, ...SOON, sessionMode });
    await steps.join(stage.world, id, participant, people[participant]);
    return stage.workflowOf(id);
  };

/** Only one came, who ends it: too early first, which counts as leaving, then as the other's no-show. */
const endedAlone =
  (participant: Participant): Script =>
  async (stage) => {
    const people = await stage.parties();
    const id = await stage.confirmed({ ...people, ...SOON, sessionMode: 'chat', durationMinutes: 30 });
    await steps.join(stage.world, id, participant, people[participant]);
    await stage.inProgress(id);
    await steps.endBy(stage.world, id, participant, people[participant]);
    await stage.untilMinutesBefore(id, -15);
    await steps.endBy(stage.world, id, participant, people[participant]);
    return stage.workflowOf(id);
  };

const joinedLate: Script = async (stage) => {
  const people = await stage.parties();
  const id = await stage.confirmed({ ...people, ...SOON, sessionMode: 'chat', durationMinutes: 20 });
  await stage.untilMinutesBefore(id, -5);
  await stage.bothJoin(id, people);
  return stage.workflowOf(id);
};

const leftAndRejoined: Script = async (stage) => {
  const { world } = stage;
  const people = await stage.parties();
  const { client } = people;
  const id = await stage.confirmed({ ...people, ...SOON, sessionMode: 'chat', durationMinutes: 20 });
  await stage.bothJoin(id, people);
  const { messageId } = await leaveSession(world.db, id, 'client', client.id);
  await steps.signalStored(world, id, 'participantLeft', messageId);
  await steps.join(world, id, 'client', client);
  return stage.workflowOf(id);
};

const therapistLeft: Script = async (stage) => {
  const { world } = stage;
  const people = await stage.parties();
  const id = await stage.confirmed({ ...people, ...SOON, durationMinutes: 20 });
  await steps.join(world, id, 'client', people.client);
  await steps.join(world, id, 'therapist', people.therapist, { connect: false });
  const { sid } = (await readRoom(world.db, id))!;
  const { rooms } = world.sandbox.control;
  const identity = roomIdentity('therapist', randomUUID().slice(0, 12));
  const { participantSid } = await rooms.connect(sid!, { identity });
  await stage.untilMinutesBefore(id, -2);
  rooms.disconnect(sid!, participantSid);
  return stage.workflowOf(id);
};

const extended: Script = async (stage) => {
  const people = await stage.parties();
  const id = await stage.confirmed({ ...people, ...SOON, sessionMode: 'chat' });
  await stage.bothJoin(id, people);
  const therapist = { role: 'therapist', id: people.therapist.id } as const;
  await steps.request(stage.world, id, messages.extendSession, therapist, undefined, { minutes: 5 });
  return stage.workflowOf(id);
};

const nobodyCame: Script = async (stage) =>
  stage.workflowOf(await stage.activated({ ...(await stage.parties()), ...SOON }));

const spread: Script = async (stage) => {
  const people = await stage.parties({ wakeSpreadMs: 300_000 });
  const id = await stage.activated({ ...people, inMs: 24 * MINUTE_MS });
  return stage.workflowOf(id);
};

const COMPLETED = over('completed', 'duration_over');
const BOTH_ABSENT = over('no_show', 'both_absent');
const READ = ['readAttendance'] as const;

export const SESSIONS: Record<string, Shape> = {
  'completed-video': { play: heldBy('video'), ends: COMPLETED },
  'completed-audio': { play: heldBy('audio'), ends: COMPLETED },
  'completed-chat': { play: heldBy('chat'), ends: COMPLETED },
  'joined-late': { play: joinedLate, ends: COMPLETED },
  'left-and-rejoined': { play: leftAndRejoined, ends: COMPLETED },
  'ended-by-client': { play: endedBy('client'), ends: over('completed', 'ended_by_party') },
  'ended-by-therapist': { play: endedBy('therapist'), ends: over('completed', 'ended_by_party') },
  'therapist-left': { play: therapistLeft, ends: over('completed', 'therapist_left') },
  'no-show-client': { play: onlyCame('therapist', 'video'), ends: over('no_show', 'client_absent'), asks: READ },
  'no-show-client-ended': { play: endedAlone('therapist'), ends: over('no_show', 'client_absent') },
  'no-show-therapist': { play: onlyCame('client', 'video'), ends: over('no_show', 'therapist_absent'), asks: READ },
  'no-show-therapist-ended': { play: endedAlone('client'), ends: over('no_show', 'therapist_absent') },
  'no-show-both': { play: nobodyCame, ends: BOTH_ABSENT, asks: READ },
  'extended-chat': { play: extended, ends: COMPLETED },
  'spread-wake-ups': { play: spread, ends: BOTH_ABSENT, asks: READ },
};
