import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { createPayoutBatch } from '../db/payouts.js';
import { earn, therapistPaidIn } from '../db/test-earnings.js';
import { csvRail } from '../providers/payout-rail.js';
import type { PayoutRail } from '../providers/payout-rail.js';
import { ProviderError } from '../providers/types.js';
import { makePerson } from '../tests/support/people.js';
import { useTestDatabase } from '../tests/support/test-db.js';
import { createPayoutActivities } from './payouts.js';

const db = useTestDatabase();

async function payoutIn(currency: string): Promise<string> {
  await earn(db(), await therapistPaidIn(db(), currency), 10_000);
  const { id: createdBy } = await makePerson(db(), 'admin');
  const id = randomUUID();
  await createPayoutBatch(db(), { id, currency, rail: 'csv', createdBy });
  const payout = db().selectFrom('payout').where('batchId', '=', id).select('id');
  return (await payout.executeTakeFirstOrThrow()).id;
}

function activitiesBy(csv: PayoutRail) {
  const log = pino({ level: 'silent' });
  return createPayoutActivities({ db: db(), log, payoutRails: { csv, stripe_connect: csv } }).providers;
}

test('a repeat of a sending says how it had ended, so that the batch counts what a killed worker did', async () => {
  const file = activitiesBy(csvRail);
  const sent = await payoutIn('EUR');
  expect([await file.sendPayout(sent), await file.sendPayout(sent)]).toEqual(['sent', 'sent']);
  const closed = () => Promise.reject(new ProviderError('stripe', 'account_closed', 'closed', false, 400));
  const refusing = activitiesBy({ name: 'csv', send: closed });
  const refused = await payoutIn('CHF');
  expect([await refusing.sendPayout(refused), await refusing.sendPayout(refused)]).toEqual(['failed', 'failed']);
  await expect(file.sendPayout(randomUUID())).rejects.toMatchObject({ type: 'unknown_payout' });
});
