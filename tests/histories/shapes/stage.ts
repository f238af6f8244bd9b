import type { Policy } from '../../../domain/policy.js';
import type { Actor } from '../../../domain/types.js';
import { appointmentWorkflowId } from '../../../workflows/messages.js';
import type { HttpWorld } from '../../support/http-world.js';
import { makeClient, makeTherapist, type TestPerson } from '../../support/people.js';
import { openCheckout, type Method, type OpenPayment } from '../../support/refunds.js';
import * as steps from '../../support/steps.js';
import type { World } from '../../support/world.js';

/** What a shape's script is given, and what it has in common with the others. */

/** Plays one life. @returns the id of the workflow whose history is the shape, once nobody has to do anything more */
export type Script = (stage: Stage) => Promise<string>;

/** A shape of life: how it is played, and by what its history is known to be it. */
export interface Shape {
  play: Script;
  /** What the workflow returns. */
  ends: object;
  /** The activities it asks vendors by; none unless said. */
  asks?: readonly string[];
}

export const over = (status: string, reason: string) => ({ ended: 'over', status, reason });

export interface Parties {
  client: TestPerson;
  therapist: TestPerson;
}

/** A policy minute of the shapes, milliseconds. */
export const MINUTE_MS = 500;

export class Stage {
  constructor(
    readonly world: HttpWorld,
    readonly admin: TestPerson,
    /** One without an API, which no webhook reaches, with vendors of its own. */
    readonly deaf: World,
  ) {}

  /** Two people of one life only. Wake-ups are not spread unless said otherwise. */
  async parties(policy: Partial<Policy> = {}, { db }: Pick<World, 'db'> = this.world): Promise<Parties> {
    const client = await makeClient(db);
    return { client, therapist: await makeTherapist(db, { minuteMs: MINUTE_MS, wakeSpreadMs: 0, ...policy }) };
  }

  byAdmin(): Actor {
    return { role: 'admin', id: this.admin.id };
  }

  /** Paid from the wallet and committed. */
  async paid(options: steps.BookOptions): Promise<string> {
    const id = await steps.book(this.world, options);
    await steps.payFromWallet(this.world, id);
    await this.until(id, 'paid', ({ paidAt }) => paidAt !== null);
    return id;
  }

  activated(options: steps.BookOptions): Promise<string> {
    return steps.activated(this.world, { ...options, admin: this.admin });
  }

  confirmed(options: steps.BookOptions): Promise<string> {
    return steps.confirmed(this.world, { ...options, admin: this.admin });
  }

  /** Waits until the durable row is so. */
  until(
    id: string,
    what: string,
    isSo: (record: Awaited<ReturnType<typeof steps.stored>>) => boolean,
    limitMs = 30_000,
  ): Promise<void> {
    return steps.until(`${id} is ${what}`, async () => isSo(await steps.stored(this.world, id)), limitMs);
  }

  inProgress(id: string): Promise<void> {
    return this.until(id, 'in progress', ({ status }) => status === 'in_progress');
  }

  async bothJoin(id: string, { client, therapist }: Parties): Promise<void> {
    await steps.join(this.world, id, 'client', client);
    await steps.join(this.world, id, 'therapist', therapist);
    await this.inProgress(id);
  }

  /** Waits until so many minutes before (or, negative, after) the start. */
  async untilMinutesBefore(id: string, minutes: number): Promise<void> {
    const { startsAt, policy } = await steps.stored(this.world, id);
    await steps.sleep(Math.max(0, startsAt - minutes * policy.minuteMs - Date.now() + 20));
  }

  checkout(id: string, method: Method): Promise<OpenPayment> {
    return openCheckout(this.world, id, method);
  }

  /** The payer acts at the provider, whose webhook tells the rest. */
  act(
    { providerRef }: OpenPayment,
    ...[action, options]: [action: 'pay' | 'decline', options?: { paymentMethod: string }]
  ): void {
    this.world.sandbox.control.payments.act(providerRef, action, options);
  }

  workflowOf(id: string): string {
    return appointmentWorkflowId(id);
  }
}
