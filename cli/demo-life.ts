import { withProgress } from '../dev/progress.js';
import { ApiClient, signIn } from './api-client.js';
import { ApiProblem, describeError } from './api-problem.js';
import type { AppointmentView, JoinAnswer, Me, Page, PaymentView, TimelineItem, WalletView } from './api-types.js';
import { DURATION_MINUTES, END_BY_HAND_MINUTES, FIRST_LIFE, LEAD_MS, type Plan } from './demo-plan.js';
import { money, timelineLine } from './format.js';
import { LifeWatch } from './life-watch.js';
import { mailsOf, noticesOf } from './notices.js';
import { Outside } from './outside.js';
import { waitFor } from './wait.js';

/** Where a life is played: the service, and the world outside that the sandbox stands in for. */
export interface World {
  api: string;
  oidcIssuer: string;
  outside: Outside;
}

/** The three who take part, each with a token of their own. */
export interface Cast {
  client: ApiClient;
  therapist: ApiClient;
  admin: ApiClient;
}

/** A life that was played to its settlement. */
export interface PlayedLife {
  plan: Plan;
  cast: Cast;
  appointment: AppointmentView;
  timeline: TimelineItem[];
  walletBefore: WalletView;
}

export type OnEvent = (plan: Plan, item: TimelineItem) => void;

/** Refusals that pass by themselves: an earlier run that was broken off still holds the slot or waits to expire. */
const PASSING = ['slot_taken', 'own_overlap', 'too_many_unpaid'];
const PASSES_WITHIN_MS = 45_000;
const SOON_MS = 15_000;

/** The plan's client and therapist, and an admin, signed in. */
export async function castOf({ api, oidcIssuer }: World, plan: Pick<Plan, 'client' | 'therapist'>): Promise<Cast> {
  const as = async (name: string) => new ApiClient(api, await signIn(oidcIssuer, name));
  const [client, therapist, admin] = await Promise.all([
    as(plan.client.subject),
    as(plan.therapist.subject),
    as('admin'),
  ]);
  return { client, therapist, admin };
}

/** The client's wallet in this currency. */
export async function walletIn(client: ApiClient, currency: string): Promise<WalletView> {
  const { items } = await client.get<Page<WalletView>>('/v1/wallets');
  return (
    items.find((wallet) => wallet.currency === currency) ?? {
      currency,
      balanceMinor: 0,
      heldMinor: 0,
      availableMinor: 0,
    }
  );
}

/** Books the next free start, waiting for what an earlier run that was broken off still holds. @throws ApiProblem */
export async function book(cast: Cast, plan: Pick<Plan, 'mode'>): Promise<AppointmentView> {
  const { id: therapistId } = await cast.therapist.get<Me>('/v1/me');
  const giveUpAt = performance.now() + PASSES_WITHIN_MS;
  let booked: AppointmentView | null = null;
  const tryOnce = async (): Promise<boolean> => {
    const startsAt = new Date(Date.now() + LEAD_MS).toISOString();
    const wish = { therapistId, startsAt, durationMinutes: DURATION_MINUTES, sessionMode: plan.mode };
    try {
      booked = await cast.client.post<AppointmentView>('/v1/appointments', wish);
      return true;
    } catch (error) {
      const passes = error instanceof ApiProblem && PASSING.includes(error.code);
      if (!passes || performance.now() > giveUpAt) throw error;
      return false;
    }
  };
  await waitFor('a free slot', PASSES_WITHIN_MS, tryOnce);
  return booked!;
}

async function pay({ client }: Cast, outside: Outside, id: string, { method }: Plan): Promise<void> {
  const { stripe, razorpay } = await client.post<PaymentView>(`/v1/appointments/${id}/payments`, { method });
  if (stripe !== undefined) await outside.pay(stripe.clientSecret.split('_secret_')[0]!);
  if (razorpay !== undefined) await outside.pay(razorpay.orderId);
}

/** Joins, and enters the room as the vendor sees it. */
export async function join(who: ApiClient, outside: Outside, id: string): Promise<void> {
  const { mode, room, token } = await who.post<JoinAnswer>(`/v1/appointments/${id}/join`);
  if (mode !== 'chat') await outside.enterRoom(room.name, token);
}

/** An approval takes back the notice of what awaits it: who wants to see both lets the therapist read the first. */
async function therapistWasTold(cast: Cast, outside: Outside, plan: Plan, id: string): Promise<boolean> {
  const notices = await noticesOf(cast.therapist, id);
  return notices.length > 0 && (await mailsOf(outside, plan.therapist, id)).length > 0;
}

/**
 * Plays one appointment from booking to review, as its client, its therapist and an admin; tells of each entry of its
 * timeline as it appears. @throws Error naming the step that did not come
 */
export async function playLife(world: World, plan: Plan, onEvent: OnEvent): Promise<PlayedLife> {
  const { outside } = world;
  const cast = await castOf(world, plan);
  const { id, price, policy } = await book(cast, plan);
  const walletBefore = await walletIn(cast.client, price.currency);
  const watch = new LifeWatch(cast.admin, id, (item) => onEvent(plan, item));

  await pay(cast, outside, id, plan);
  await watch.until('the payment', SOON_MS, () => watch.happened('payment_settled'));
  await waitFor('the therapist’s notice', SOON_MS, () => therapistWasTold(cast, outside, plan, id));
  await cast.admin.post(`/v1/appointments/${id}/activate`);
  await watch.until('the confirmation', LEAD_MS + SOON_MS, ({ status }) => status === 'confirmed');

  await Promise.all([join(cast.client, outside, id), join(cast.therapist, outside, id)]);
  if (plan.end === 'by_hand') {
    const endAt = Date.parse((await watch.look()).startsAt) + END_BY_HAND_MINUTES * policy.minuteMs;
    await watch.until('the middle of the session', LEAD_MS + SOON_MS, () => Date.now() >= endAt);
    await cast.therapist.post(`/v1/appointments/${id}/end`);
  }
  const restMs = DURATION_MINUTES * policy.minuteMs;
  await watch.until('the settlement', restMs + SOON_MS, ({ hold }) => hold === 'settled');
  await cast.client.post(`/v1/appointments/${id}/review`, { rating: 5 });
  return { plan, cast, appointment: await watch.look(), timeline: watch.items, walletBefore };
}

/** The world of a running stack. */
export function worldOf({ api, oidcIssuer, sandbox }: { api: string; oidcIssuer: string; sandbox: string }): World {
  return { api, oidcIssuer, outside: new Outside(sandbox) };
}

/**
 * Plays one appointment for whoever has just started the stack, and says what happens, line by line. Never throws: the
 * stack stays up, and the line says what did not go through.
 */
export async function playOne(
  stack: { addresses: Parameters<typeof worldOf>[0] },
  say: (line: string) => void,
): Promise<void> {
  const { client, therapist, method, mode } = FIRST_LIFE;
  say(`Playing one appointment at speed: ${client.name} with ${therapist.name}, ${mode}, paid by ${method} ...`);
  try {
    const play = () => playLife(worldOf(stack.addresses), FIRST_LIFE, (_, item) => say(`  ${timelineLine(item)}`));
    const { appointment } = await withProgress('playing', say, play);
    const { id, status, price } = appointment;
    say(
      `Appointment ${id} is ${status}; ${money(price.amountMinor, price.currency)} went from client to therapist and platform.`,
    );
  } catch (error) {
    say(`The appointment did not go through: ${describeError(error)}`);
  }
}
