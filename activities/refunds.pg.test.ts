import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadAppointment } from '../db/appointment-record.js';
import { releaseMoney } from '../db/payments.js';
import { SYSTEM } from '../domain/types.js';
import { createProviders } from '../providers/index.js';
import { configFor, type LocalServer, startLocalServer } from '../providers/test-support.js';
import { bookAppointment, makeParties } from '../tests/support/appointments.js';
import { paidByCard } from '../tests/support/card-payments.js';
import { useTestDatabase } from '../tests/support/test-db.js';
import { createRefundActivities } from './refunds.js';

const db = useTestDatabase();

/** Answers every creation of a refund with this status, and every list with nothing. */
let status = 200;
let server: LocalServer;
beforeAll(async () => {
  server = await startLocalServer((request, response) => {
    const isList = request.method === 'GET';
    response.writeHead(isList ? 200 : status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(isList ? { object: 'list', data: [] } : { error: { code: `code_${status}` } }));
  });
});
afterAll(() => server.close());

const activities = () => {
  const { stripe, razorpay } = createProviders(configFor(server.url));
  return createRefundActivities({ db: db(), gateways: { stripe, razorpay } });
};

async function refundToSend(): Promise<string> {
  const id = await bookAppointment(db(), await makeParties(db()));
  await paidByCard(db(), id);
  const { record } = (await loadAppointment(db(), id))!;
  const wish = { chargeMinor: 0, refundTo: 'source', reason: 'test', actor: SYSTEM } as const;
  await db()
    .transaction()
    .execute((trx) => releaseMoney(trx, record, wish));
  const { id: refundId } = await db()
    .selectFrom('refund')
    .where('appointmentId', '=', id)
    .select('id')
    .executeTakeFirstOrThrow();
  return refundId;
}

test.each([400, 402, 404])('%i refuses the refund for good, by its code', async (refusing) => {
  status = refusing;
  const answer = await activities().providers.sendRefund(await refundToSend());
  expect(answer).toEqual({ status: 'refused', providerRef: null, failureCode: `code_${refusing}` });
});

test.each([401, 403, 409, 429, 500])('%i refuses nothing: it is tried again until that is mended', async (failing) => {
  status = failing;
  await expect(activities().providers.sendRefund(await refundToSend())).rejects.toMatchObject({ httpStatus: failing });
});

test('what is settled is not sent again, and what is no refund ends its workflow', async () => {
  const refundId = await refundToSend();
  const { providers, records } = activities();
  const answer = { status: 'succeeded', providerRef: `re_${refundId}`, failureCode: null } as const;
  expect(await records.settleRefund({ refundId, answer })).toEqual({ status: 'completed', failureCode: null });
  expect(await providers.sendRefund(refundId)).toBeNull();
  await expect(providers.sendRefund(randomUUID())).rejects.toMatchObject({
    type: 'unknown_refund',
    nonRetryable: true,
  });
});
