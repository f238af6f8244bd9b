import { startProviderPayment, setProviderRef } from '../../db/payment-requests.js';
import { recordProviderAnswer } from '../../db/provider-events.js';
import { toNews } from '../../api/checkout.js';
import { loadAppointment } from '../../db/appointment-record.js';
import { commitAppointment } from '../../db/commit.js';
import { releaseMoney, type Payment, type Release } from '../../db/payments.js';
import { SYSTEM } from '../../domain/types.js';
import { refundWorkflowId } from '../../workflows/refund-messages.js';
import { bookAppointment } from './appointments.js';
import { makeClient, makeTherapist } from './people.js';
import { until } from './steps.js';
import type { World } from './world.js';

/** Card and UPI payments as the API takes them, without HTTP. */

export type Method = 'stripe' | 'razorpay';

export interface OpenPayment {
  payment: Payment;
  providerRef: string;
}

/** Starts a try and its object at the provider. */
export async function openCheckout(
  { db, providers }: Pick<World, 'db' | 'providers'>,
  appointmentId: string,
  method: Method,
): Promise<OpenPayment> {
  const payment = await startProviderPayment(db, appointmentId, method);
  const { id: paymentId, clientId, amountMinor, currency } = payment;
  const { providerRef } = await providers[method].openCheckout({
    paymentId,
    appointmentId,
    clientId,
    money: { amountMinor, currency },
    description: 'a test',
  });
  await setProviderRef(db, paymentId, providerRef);
  return { payment, providerRef };
}

/** The payer pays, and the provider's word is stored: the relay signals it. */
export async function payAtProvider(
  { db, providers, sandbox }: Pick<World, 'db' | 'providers' | 'sandbox'>,
  { payment, providerRef }: OpenPayment,
): Promise<void> {
  if (payment.method === 'wallet') throw new Error('a wallet pays at no provider');
  sandbox.control.payments.act(providerRef, 'pay');
  await recordProviderAnswer(db, toNews(await providers[payment.method].fetchPayment(providerRef)), payment.method);
}

/** Paid by card, with no workflow of its own: 60.00 are held until a test lets them go. */
export async function paidAndHeld(world: World, method: Method) {
  const { db } = world;
  const [client, therapist] = [await makeClient(db, 0), await makeTherapist(db, { minuteMs: 60_000 })];
  const id = await bookAppointment(db, { client, therapist });
  const open = await openCheckout(world, id, method);
  await payAtProvider(world, open);
  await commitAppointment(db, id);
  const release = async (chargeMinor: Release['chargeMinor'] = 0) => {
    const { record } = (await loadAppointment(db, id))!;
    const wish = { chargeMinor, refundTo: 'source', reason: 'cancelled', actor: SYSTEM } as const;
    await db.transaction().execute((trx) => releaseMoney(trx, record, wish));
    return (await refundsOf(world, id))[0]!.id;
  };
  return { id, client, therapist, ...open, release };
}

export const refundsOf = ({ db }: Pick<World, 'db'>, appointmentId: string) =>
  db.selectFrom('refund').where('appointmentId', '=', appointmentId).selectAll().orderBy('createdAt').execute();

/** Waits until the appointment's refunds have these statuses, oldest first. */
export const refundsAre = (world: World, appointmentId: string, ...statuses: string[]): Promise<void> =>
  until(
    `refunds are ${statuses.join()}`,
    async () => (await refundsOf(world, appointmentId)).map(({ status }) => status).join() === statuses.join(),
    40_000,
  );

/** The workflow of a refund. */
export const refundHandle = ({ temporal }: Pick<World, 'temporal'>, refundId: string) =>
  temporal.workflow.getHandle(refundWorkflowId(refundId));
