import type { Caller } from './caller.js';
import { Life, type Stage } from './life.js';
import type { Cast } from './people.js';
import type { LifePlan, Story } from './plan.js';

async function pay(life: Life): Promise<void> {
  let ref = await life.startPayment();
  if (ref !== null && life.plan.declinedFirst) {
    await life.declineCard(ref);
    await life.rest(300);
    ref = await life.startPayment();
  }
  if (ref !== null) await life.finishPayment(ref);
}

/** Booked, paid and approved. @returns false when one of them did not come about */
async function prepare(life: Life): Promise<boolean> {
  await pay(life);
  if (!(await life.untilPaid())) return false;
  const answer = await life.want(life.admin, 'activate', '/activate');
  return answer?.code === null;
}

async function attend(life: Life, ...people: Caller[]): Promise<void> {
  await life.untilMinute(-5);
  await Promise.all(people.map((person) => life.join(person)));
}

const both = (life: Life): [Caller, Caller] => [life.client, life.therapist];

/** Held in full, and ended by the therapist's hand in its middle. */
async function holdShortly(life: Life): Promise<void> {
  await attend(life, ...both(life));
  await life.untilMinute(Math.min(6, life.plan.durationMinutes / 2));
  await life.wantUntilItPasses(life.therapist, 'end', '/end');
}

async function cancelledBy(life: Life, who: Caller): Promise<void> {
  await prepare(life);
  await life.untilMinute(-life.plan.cancelMinutes);
  await life.wantUntilItPasses(who, 'cancel', '/cancel', { reason: 'something came up' });
}

/** Who does what. Refusals are answers: a life that the kills delayed goes where the rules send it. */
const PLAY: Record<Story, (life: Life) => Promise<void>> = {
  async attended(life) {
    if (await prepare(life)) await attend(life, ...both(life));
  },
  async ended_by_hand(life) {
    if (await prepare(life)) await holdShortly(life);
  },
  async extended(life) {
    if (!(await prepare(life))) return;
    await attend(life, ...both(life));
    await life.untilMinute(1);
    await life.want(life.therapist, 'extend', '/extend', { minutes: 5 });
  },
  async forced(life) {
    await pay(life);
    if (!(await life.untilPaid())) return;
    await life.want(life.admin, 'force_confirm', '/force-confirm', { reason: 'asked for on the telephone' });
    await Promise.all(both(life).map((person) => life.join(person)));
  },
  async moved(life) {
    await pay(life);
    await life.move(life.client, 5);
    if (!(await life.untilPaid())) return;
    await life.want(life.admin, 'activate', '/activate');
    await attend(life, ...both(life));
  },
  async refunded(life) {
    if (!(await prepare(life))) return;
    await holdShortly(life);
    await life.refund(500);
  },
  async client_absent(life) {
    if (await prepare(life)) await attend(life, life.therapist);
  },
  async therapist_absent(life) {
    if (!(await prepare(life))) return;
    await attend(life, life.client);
    await life.untilMinute(15);
    await life.wantUntilItPasses(life.client, 'end', '/end');
  },
  async nobody(life) {
    await prepare(life);
  },
  cancelled_by_client: (life) => cancelledBy(life, life.client),
  cancelled_by_therapist: (life) => cancelledBy(life, life.therapist),
  cancelled_by_admin: (life) => cancelledBy(life, life.admin),
  async unpaid(life) {
    if (life.plan.method !== 'wallet') await life.startPayment();
  },
  async paid_late(life) {
    const ref = life.plan.method === 'wallet' ? null : await life.startPayment();
    await life.untilMinute(2);
    if (ref !== null) await life.finishPayment(ref);
  },
  async never_activated(life) {
    await pay(life);
  },
  async activated_late(life) {
    await pay(life);
    if (!(await life.untilPaid())) return;
    await life.untilMinute(-2);
    await life.want(life.admin, 'activate', '/activate');
    await attend(life, ...both(life));
  },
};

/** Plays one life to where its people have nothing more to do. */
export async function playLife(plan: LifePlan, cast: Cast, stage: Stage): Promise<void> {
  const life = await Life.begin(plan, cast, stage);
  if (await life.book()) await PLAY[plan.story](life);
}
