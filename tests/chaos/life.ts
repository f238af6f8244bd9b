import { setTimeout as sleep } from 'node:timers/promises';
import type { Outside } from '../../cli/outside.js';
import { type Act, type Answer, Caller, type Desk } from './caller.js';
import type { Cast, Person } from './people.js';
import type { LifePlan } from './plan.js';

/** What playing a life works with. */
export interface Stage {
  desk: Desk;
  outside: Outside;
  admin: Caller;
}

/** The appointment as its people know it. */
interface Booked {
  id: string;
  /** Epoch ms; moves with the appointment. */
  startsAt: number;
  minuteMs: number;
  durationMinutes: number;
}

const LOOK_MS = 400;
/** Refusals that pass: the clock has not come there, or something is being decided. */
const PASSING = ['too_early', 'deciding', 'awaiting_activation', 'payment_required', 'not_started'];
const MOST_TRIES = 25;

/** One life, played by its people over HTTP; `play.ts` says who does what in which story. */
export class Life {
  readonly client: Caller;
  readonly therapist: Caller;
  booked: Booked | null = null;

  private constructor(
    readonly plan: LifePlan,
    private readonly stage: Stage,
    callers: { client: Caller; therapist: Caller },
    private readonly rival: Caller | null,
  ) {
    this.client = callers.client;
    this.therapist = callers.therapist;
  }

  static async begin(plan: LifePlan, cast: Cast, stage: Stage): Promise<Life> {
    const as = (person: Person) => Caller.signIn(stage.desk, person);
    const [client, therapist, rival] = await Promise.all([
      as(cast.client),
      as(cast.therapist),
      cast.rival === null ? null : as(cast.rival),
    ]);
    return new Life(plan, stage, { client, therapist }, rival);
  }

  get admin(): Caller {
    return this.stage.admin;
  }

  get isOver(): boolean {
    return this.stage.desk.over.aborted;
  }

  /** Books, beside a rival if there is one. @returns false when the slot is somebody else's, or it was never answered */
  async book(): Promise<boolean> {
    const { plan, client, rival, therapist } = this;
    const { mode, durationMinutes, minuteMs, leadMinutes, index: life } = plan;
    const startsAt = Date.now() + leadMinutes * minuteMs;
    const body = {
      therapistId: therapist.person.id,
      startsAt: new Date(startsAt).toISOString(),
      durationMinutes,
      sessionMode: mode,
    };
    const wish = { life, act: 'book' as const, path: '/v1/appointments', body };
    const [answer] = await Promise.all([client.want(wish, plan.impatient), rival?.want(wish, false)]);
    if (answer?.status !== 201) return false;
    this.booked = { id: String(answer.body['id']), startsAt, minuteMs, durationMinutes };
    return true;
  }

  /** Wants something of the booked appointment, once. */
  want(who: Caller, act: Act, path: string, body: object = {}): Promise<Answer | null> {
    const { id } = this.booked!;
    const { index: life, impatient } = this.plan;
    return who.want({ life, act, appointmentId: id, path: `/v1/appointments/${id}${path}`, body }, impatient);
  }

  /** Wants it again and again while the refusal is one that passes. */
  async wantUntilItPasses(who: Caller, act: Act, path: string, body: object = {}): Promise<Answer | null> {
    for (let tries = 1; ; tries += 1) {
      const answer = await this.want(who, act, path, body);
      if (answer?.code == null || !PASSING.includes(answer.code) || tries === MOST_TRIES || this.isOver) return answer;
      await this.rest(LOOK_MS);
    }
  }

  async look(): Promise<Record<string, unknown> | null> {
    const answer = await this.admin.get(`/v1/appointments/${this.booked!.id}`);
    return answer?.status === 200 ? answer.body : null;
  }

  /** Sleeps until so many policy minutes after the start (negative: before it). */
  async untilMinute(minute: number): Promise<void> {
    const { startsAt, minuteMs } = this.booked!;
    await this.rest(startsAt + minute * minuteMs - Date.now());
  }

  async rest(ms: number): Promise<void> {
    const { over } = this.stage.desk;
    if (ms > 0) await sleep(ms, undefined, { signal: over }).catch(() => undefined);
  }

  /** Starts a payment. @returns the provider's object that the payer is to finish; null for the wallet, or a refusal */
  async startPayment(): Promise<string | null> {
    const answer = await this.want(this.client, 'pay', '/payments', { method: this.plan.method });
    if (answer?.status !== 201) return null;
    const { stripe, razorpay } = answer.body as { stripe?: { clientSecret: string }; razorpay?: { orderId: string } };
    return razorpay?.orderId ?? stripe?.clientSecret.split('_secret_')[0] ?? null;
  }

  /** The payer finishes the checkout; one that can't be paid any more is no error of ours. */
  async finishPayment(ref: string): Promise<void> {
    await this.stage.outside.pay(ref).catch(() => this.stage.desk.hiccup('checkout not payable'));
  }

  async declineCard(ref: string): Promise<void> {
    await this.stage.outside.decline(ref).catch(() => this.stage.desk.hiccup('checkout not payable'));
  }

  /** An admin looks until it is paid. @returns false when that never comes */
  async untilPaid(): Promise<boolean> {
    for (let tries = 1; tries < MOST_TRIES * 2 && !this.isOver; tries += 1) {
      const seen = await this.look();
      if (seen?.['hold'] === 'held') return true;
      if (seen === null || seen['outcome'] !== null) return false;
      await this.rest(LOOK_MS);
    }
    return false;
  }

  /** Joins from T-5 on, and enters the room as the vendor sees it. */
  async join(who: Caller): Promise<boolean> {
    const answer = await this.wantUntilItPasses(who, 'join', '/join');
    if (answer?.status !== 200) return false;
    const { mode, room, token } = answer.body as { mode: string; room: { name: string }; token: string };
    if (mode !== 'chat')
      await this.stage.outside.enterRoom(room.name, token).catch(() => this.stage.desk.hiccup('room not open'));
    return true;
  }

  /** Moved by so many minutes; the appointment's own time follows the answer. */
  async move(who: Caller, byMinutes: number): Promise<void> {
    const booked = this.booked!;
    const startsAt = new Date(booked.startsAt + byMinutes * booked.minuteMs).toISOString();
    const answer = await this.want(who, 'reschedule', '/reschedule', { startsAt });
    if (answer?.status === 200) booked.startsAt = Date.parse(String(answer.body['startsAt']));
  }

  /** An admin returns a part of what the session was charged, once it is over. */
  async refund(amountMinor: number): Promise<void> {
    const { id } = this.booked!;
    const { index: life, impatient } = this.plan;
    const path = `/v1/admin/appointments/${id}/refunds`;
    const body = { amountMinor, reason: 'goodwill' };
    await this.admin.want({ life, act: 'refund', appointmentId: id, path, body }, impatient);
  }
}
