import { randomUUID } from 'node:crypto';
import type { Answer, ApiWorld } from '../../api/test-world.js';
import { commitAppointment } from '../../db/commit.js';
import { bookAppointment, DAY_MS, makeParties, MINUTE_MS, type Parties } from '../support/appointments.js';

export type ProviderMethod = 'stripe' | 'razorpay';

/** People who may book as often as a test repeats itself, each hour after the other. */
export async function makeRepeaters({ db }: Pick<ApiWorld, 'db'>): Promise<Parties & { next(): Promise<string> }> {
  const parties = await makeParties(db, { maxUnpaidBookings: 100_000 });
  let booked = 0;
  return {
    ...parties,
    async next() {
      booked += 1;
      return bookAppointment(db, parties, { inMs: 2 * DAY_MS + booked * 71 * MINUTE_MS });
    },
  };
}

/** A click on "pay": one request with its key, sent again with the same key while the answer is 503 or lost. */
export async function clickToPay(
  world: ApiWorld,
  { client }: Pick<Parties, 'client'>,
  appointmentId: string,
  method: ProviderMethod,
): Promise<{ ref: string; paymentId: string; asked: number }> {
  const key = randomUUID();
  for (let asked = 1; asked <= 20; asked += 1) {
    const answer = await world.post(client, `/v1/appointments/${appointmentId}/payments`, { method }, key);
    if (answer.status === 201) return { ref: refOf(answer), paymentId: answer.body['id'] as string, asked };
    if (answer.status !== 503) throw new Error(`paying was answered ${answer.status} ${JSON.stringify(answer.body)}`);
  }
  throw new Error('paying was never answered');
}

/** PaymentIntent or order id, from what the browser is given. */
function refOf({ body }: Answer): string {
  const { stripe, razorpay } = body as { stripe?: { clientSecret: string }; razorpay?: { orderId: string } };
  return razorpay?.orderId ?? stripe!.clientSecret.split('_secret_')[0]!;
}

/** Commits, as the worker would, until the appointment is paid. */
export async function untilPaid({ db }: Pick<ApiWorld, 'db'>, appointmentId: string): Promise<void> {
  const end = Date.now() + 15_000;
  while (Date.now() < end) {
    const committed = await commitAppointment(db, appointmentId);
    if (committed?.record.paidAt != null) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`${appointmentId} was never paid`);
}
