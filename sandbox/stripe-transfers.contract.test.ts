import type Stripe from 'stripe';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contractsPresent, OpenApiContract, readContract } from './contracts.js';
import { type Sandbox, startSandbox } from './server.js';
import { ALLOWED } from './stripe/params.js';
import { rejection, startReceiver, stripeSdk, type WebhookReceiver } from './test-support.js';

let sandbox: Sandbox;
let receiver: WebhookReceiver;
let stripe: Stripe;

beforeAll(async () => {
  receiver = await startReceiver();
  sandbox = await startSandbox({ destinations: { stripe: receiver.url } });
  stripe = stripeSdk(sandbox.url);
});
afterAll(async () => {
  await sandbox.close();
  await receiver.close();
});

const ASKED = {
  amount: 5_000,
  currency: 'eur',
  destination: 'acct_1',
  transfer_group: 'g1',
  metadata: { payoutId: 'p' },
};
const plain = (object: unknown) => JSON.parse(JSON.stringify(object)) as Record<string, unknown>;

describe('transfers', () => {
  it('are made, found again by their group, and told by an event', async () => {
    const made = await stripe.transfers.create(ASKED);
    await stripe.transfers.create({ ...ASKED, transfer_group: 'g2' });
    expect(await stripe.transfers.retrieve(made.id)).toMatchObject(ASKED);
    const { data } = await stripe.transfers.list({ transfer_group: 'g1' });
    expect(data.map(({ id }) => id)).toEqual([made.id]);
    await receiver.waitFor(1);
    expect(JSON.parse(receiver.received[0]!.body)).toMatchObject({
      type: 'transfer.created',
      data: { object: { id: made.id } },
    });
  });

  it.each([
    [{ destination: 'acct_insufficient' }, 'balance_insufficient'],
    [{ destination: 'acct_closed' }, 'account_closed'],
    [{ destination: 'nobody' }, 'resource_missing'],
    [{ amount: 12_345, currency: 'kwd' }, 'parameter_invalid_integer'],
    [{ amount: 0 }, 'parameter_invalid_integer'],
    [{ currency: 'euro' }, 'parameter_invalid'],
  ])('%j is refused with %s', async (over, code) => {
    const error = await rejection(stripe.transfers.create({ ...ASKED, ...over }));
    expect(error).toMatchObject({ code });
  });
});

describe.skipIf(!contractsPresent())("Stripe's published contract", () => {
  it('holds for a transfer and for a list of them', async () => {
    const contract = new OpenApiContract('stripe/openapi-2023-08-16.json');
    const made = await stripe.transfers.create(ASKED);
    const { resources } = readContract<{ resources: Record<string, object> }>('stripe/fixtures-2026-08.json');
    expect(Object.keys(plain(made))).toEqual(expect.arrayContaining(Object.keys(resources['transfer']!)));
    expect(contract.answerErrors('POST', '/v1/transfers', '200', plain(made))).toEqual([]);
    expect(contract.answerErrors('GET', '/v1/transfers', '200', plain(await stripe.transfers.list()))).toEqual([]);
    expect(ALLOWED.transferCreate.toSorted()).toEqual(contract.formNames('POST', '/v1/transfers').toSorted());
  });
});
