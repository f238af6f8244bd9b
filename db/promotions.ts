import { clientWallet, promotion } from './accounts.js';
import type { Trx } from './database.js';
import { lockAccounts, post } from './ledger.js';
import { addLot } from './lots.js';

/** Credits a wallet at the platform's cost, once per key; spent before anything else. */
export async function grantPromotion(
  trx: Trx,
  grant: { idempotencyKey: string; clientId: string; currency: string; amountMinor: number },
): Promise<void> {
  const { idempotencyKey, clientId, currency, amountMinor } = grant;
  const wallet = clientWallet(clientId, currency);
  await lockAccounts(trx, [wallet, promotion(currency)]);
  const isNew = await post(trx, {
    idempotencyKey,
    kind: 'promotion',
    appointmentId: null,
    paymentId: null,
    postings: [
      { account: promotion(currency), amountMinor: -amountMinor },
      { account: wallet, amountMinor },
    ],
  });
  if (isNew) await addLot(trx, wallet, { kind: 'promotion', paymentId: null, amountMinor });
}
