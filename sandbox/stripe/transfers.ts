import type { Hono } from 'hono';
import { stripeId, unixNow } from '../ids.js';
import type { Collection } from '../store.js';
import type { VendorEnv } from '../vendor-gate.js';
import { invalidRequest, noSuch, refused } from './errors.js';
import type { StripeEvents } from './events.js';
import { listPage } from './lists.js';
import { checkNames, type Fields, integer, mergeMetadata, metadata, text } from './params.js';

export interface Transfer {
  id: string;
  object: 'transfer';
  amount: number;
  currency: string;
  destination: string;
  transfer_group: string | null;
  metadata: Record<string, string>;
  [field: string]: unknown;
}

/** Connected accounts that stand for what can go wrong; every other `acct_...` takes the money. */
const REFUSALS: Record<string, { code: string; message: string }> = {
  acct_insufficient: {
    code: 'balance_insufficient',
    message: 'You have insufficient available funds in your Stripe account.',
  },
  acct_closed: {
    code: 'account_closed',
    message: 'The destination account has been closed.',
  },
  acct_restricted: {
    code: 'insufficient_capabilities_for_transfer',
    message:
      'Your destination account needs to have at least one of the following capabilities enabled: transfers, crypto_transfers, legacy_payments',
  },
};

/** Stripe's amounts in them end in 0. https://docs.stripe.com/currencies#three-decimal */
const THREE_DECIMALS = ['bhd', 'jod', 'kwd', 'omr', 'tnd'];

/** Unlike a charge, a transfer has no minimum. @throws StripeFailure for what Stripe refuses */
function transferMoney(fields: Fields): { amount: number; currency: string } {
  const amount = integer(fields, 'amount', 1);
  if (amount === null) throw invalidRequest('parameter_missing', 'Missing required param: amount.', 'amount');
  const currency = text(fields, 'currency')?.toLowerCase() ?? '';
  if (!/^[a-z]{3}$/.test(currency))
    throw invalidRequest('parameter_invalid', `Invalid currency: ${currency}.`, 'currency');
  if (THREE_DECIMALS.includes(currency) && amount % 10 !== 0) {
    throw invalidRequest('parameter_invalid_integer', `Amounts in ${currency} must end in 0.`, 'amount');
  }
  return { amount, currency };
}

function newTransfer(fields: Fields, destination: string): Transfer {
  const id = stripeId('tr');
  const { amount, currency } = transferMoney(fields);
  const reversals = { object: 'list', data: [], has_more: false, url: `/v1/transfers/${id}/reversals` };
  return {
    id,
    object: 'transfer',
    amount,
    amount_reversed: 0,
    balance_transaction: stripeId('txn'),
    created: unixNow(),
    currency,
    description: text(fields, 'description'),
    destination,
    destination_payment: stripeId('py'),
    livemode: false,
    metadata: mergeMetadata({}, metadata(fields)),
    reversals,
    reversed: false,
    source_transaction: text(fields, 'source_transaction'),
    source_type: text(fields, 'source_type') ?? 'card',
    transfer_group: text(fields, 'transfer_group'),
  };
}

/** `/v1/transfers`: create, list, retrieve. */
export function addTransferRoutes(app: Hono<VendorEnv>, transfers: Collection<Transfer>, events: StripeEvents): void {
  app.post('/transfers', (c) => {
    const fields = c.get('fields');
    checkNames(fields, 'transferCreate');
    const destination = text(fields, 'destination');
    if (destination === null)
      throw invalidRequest('parameter_missing', 'Missing required param: destination.', 'destination');
    if (!/^acct_\w+$/.test(destination)) throw noSuch('destination', destination, 'destination');
    const transfer = newTransfer(fields, destination);
    const refusal = REFUSALS[destination];
    if (refusal) throw refused(refusal.code, refusal.message);
    events.emit('transfer.created', transfers.put(transfer.id, transfer));
    return c.json(transfer);
  });

  app.get('/transfers', (c) => {
    const query = c.get('fields');
    checkNames(query, 'transferList');
    return c.json(listPage(transfers.values(), query, '/v1/transfers', ['destination', 'transfer_group']));
  });

  app.get('/transfers/:id', (c) => {
    checkNames(c.get('fields'), 'retrieve');
    const transfer = transfers.get(c.req.param('id'));
    if (!transfer) throw noSuch('transfer', c.req.param('id'), 'id');
    return c.json(transfer);
  });
}
