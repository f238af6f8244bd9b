import { createRoute, z } from '@hono/zod-openapi';
import { readPayment } from '../../db/lists.js';
import type { SeenAppointment } from '../../db/seen-appointment.js';
import { payByWallet, startProviderPayment } from '../../db/payment-requests.js';
import { currentPayment, type AppointmentPayment } from '../../db/payments.js';
import { recordProviderAnswer } from '../../db/provider-events.js';
import { Refused } from '../../domain/refusals.js';
import { PAYMENT_METHODS, type PaymentMethod } from '../../domain/types.js';
import { type CheckoutBody, checkoutOf, toNews } from '../checkout.js';
import { once } from '../idempotency.js';
import { idParam, optionalKey, requiredKey, text } from '../inputs.js';
import { presentPayment } from '../present.js';
import { BY_PROVIDER, OF_APPOINTMENT, keyedProblems, postBodyProblems, readProblems } from '../problem-responses.js';
import { may, json, jsonBody, newRoutes } from '../routing.js';
import { paymentSchema } from '../schemas.js';
import type { Services } from '../services.js';
import { visibleAppointment } from '../visible.js';

const pay = createRoute({
  method: 'post',
  path: '/v1/appointments/{id}/payments',
  operationId: 'startPayment',
  tags: ['Payments'],
  summary: 'Pay from the wallet, or start a checkout',
  ...may('pay'),
  request: { params: idParam, headers: requiredKey, body: jsonBody(z.object({ method: z.enum(PAYMENT_METHODS) })) },
  responses: {
    201: json(paymentSchema, 'Paid by wallet, or what the checkout needs.'),
    ...keyedProblems(
      ...OF_APPOINTMENT,
      'insufficient_funds',
      'already_paid',
      'payment_window_over',
      'already_over',
      ...BY_PROVIDER,
    ),
  },
});

const current = createRoute({
  method: 'get',
  path: '/v1/appointments/{id}/payments/current',
  operationId: 'getCurrentPayment',
  tags: ['Payments'],
  summary: 'The payment that paid, else the latest try with its checkout',
  ...may('pay'),
  request: { params: idParam },
  responses: {
    200: json(paymentSchema, 'The payment.'),
    ...readProblems('unknown_appointment', 'no_payment', ...BY_PROVIDER),
  },
});

const proof = z.object({ orderId: text(100), paymentId: text(100), signature: text(200) });
const verify = createRoute({
  method: 'post',
  path: '/v1/appointments/{id}/payments/razorpay/verify',
  operationId: 'verifyRazorpayCheckout',
  tags: ['Payments'],
  summary: 'Hand in what Razorpay’s checkout gave to the browser',
  ...may('pay'),
  request: { params: idParam, headers: optionalKey, body: jsonBody(proof) },
  responses: {
    200: json(paymentSchema, 'The payment, after Razorpay was asked.'),
    ...postBodyProblems(...OF_APPOINTMENT, 'signature_mismatch', ...BY_PROVIDER),
  },
});

/** `paymentId` is minted with the request's key: a wallet payment that was committed but not answered is met again. */
async function startPayment(services: Services, { record }: SeenAppointment, method: PaymentMethod, paymentId: string) {
  const { db, messenger } = services;
  if (method === 'wallet') {
    const { payment, messageId } = await payByWallet(db, record.id, paymentId);
    messenger.tell(record.id, 'payment_settled', messageId);
    return { status: 201 as const, body: presentPayment(payment), secrets: {} };
  }
  const payment = await startProviderPayment(db, record.id, method);
  return {
    status: 201 as const,
    body: presentPayment(payment),
    secrets: await checkoutOf(services, payment, record.clientId),
  };
}

/** A repeat gets the checkout of the try that the first request started. */
async function restoreCheckout(
  services: Services,
  { record }: SeenAppointment,
  paymentId: string,
): Promise<CheckoutBody> {
  const payment = await readPayment(services.db, record.id, { id: paymentId });
  return payment === undefined ? {} : checkoutOf(services, payment, record.clientId);
}

async function currentOf(db: Services['db'], appointmentId: string): Promise<AppointmentPayment> {
  const payment = await currentPayment(db, appointmentId);
  if (payment === undefined) throw new Refused('no_payment');
  return payment;
}

/** The browser's word is a signature over an order of this appointment; what was paid is Razorpay's word alone. */
async function verifyCheckout(
  { db, providers, messenger }: Services,
  appointmentId: string,
  given: z.output<typeof proof>,
) {
  const payment = await readPayment(db, appointmentId, { providerRef: given.orderId });
  if (payment?.method !== 'razorpay' || !providers.razorpay.verifyCheckoutSignature(given))
    throw new Refused('signature_mismatch');
  const found = await providers.razorpay.capturePayment(given.orderId);
  const toSignal = await recordProviderAnswer(db, toNews(found), 'razorpay');
  if (toSignal !== null) messenger.tell(toSignal.appointmentId, 'payment_settled', toSignal.messageId);
  const fresh = await readPayment(db, appointmentId, { id: payment.id });
  return presentPayment(fresh ?? payment);
}

export const paymentRoutes = (services: Services) =>
  newRoutes()
    .openapi(pay, async (c) => {
      const seen = await visibleAppointment(c, services, c.req.valid('param').id);
      const input = c.req.valid('json');
      const { body } = await once(c, services, {
        input,
        work: ({ resourceId }) => startPayment(services, seen, input.method, resourceId),
        restore: (stored) => restoreCheckout(services, seen, stored.id),
      });
      return c.json(body, 201);
    })
    .openapi(current, async (c) => {
      const { record } = await visibleAppointment(c, services, c.req.valid('param').id);
      const payment = await currentOf(services.db, record.id);
      return c.json({ ...presentPayment(payment), ...(await checkoutOf(services, payment, record.clientId)) }, 200);
    })
    .openapi(verify, async (c) => {
      const { record } = await visibleAppointment(c, services, c.req.valid('param').id);
      const input = c.req.valid('json');
      const { body } = await once(c, services, {
        input,
        work: async () => ({ status: 200, body: await verifyCheckout(services, record.id, input) }),
      });
      return c.json(body, 200);
    });
