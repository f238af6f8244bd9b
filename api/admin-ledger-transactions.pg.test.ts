import { afterAll, beforeAll, expect, test } from 'vitest';
import { commitAppointment } from '../db/commit.js';
import { storeMessage } from '../db/messages.js';
import { startProviderPayment } from '../db/payment-requests.js';
import { activated, booked, over } from './test-lives.js';
import { type ApiWorld, createApiWorld } from './test-world.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

interface Line {
  account: string;
  accountKind: string;
  ownerId: string | null;
  amountMinor: number;
  currency: string;
}
interface Ledger {
  transactions: { kind: string; idempotencyKey: string; paymentId: string | null; entries: Line[] }[];
  refunds: { amountMinor: number; to: string; status: string; reason: string; requestedBy: string }[];
  disputes: object[];
}

async function ledgerOf(id: string): Promise<Ledger> {
  const { status, body } = await world.send(world.parties.admin, `/v1/admin/appointments/${id}/ledger`);
  expect(status).toBe(200);
  return body as unknown as Ledger;
}

const linesOf = ({ transactions }: Ledger) =>
  transactions.map(({ kind, entries }) => [
    kind,
    ...entries.map(({ accountKind, amountMinor }) => `${accountKind} ${amountMinor}`),
  ]);

test('a session paid by wallet: its settlement, to whom each line belongs, and nothing else', async () => {
  const id = await over(world);
  const ledger = await ledgerOf(id);
  expect(linesOf(ledger)).toEqual([['settle', 'client_wallet -6000', 'therapist_payable 4800', 'platform_fee 1200']]);
  const { entries, idempotencyKey } = ledger.transactions[0]!;
  const { client, therapist } = world.parties;
  expect(entries.map(({ ownerId }) => ownerId)).toEqual([client.id, therapist.id, null]);
  expect(entries[0]).toMatchObject({ account: `client_wallet:${client.id}:INR`, currency: 'INR' });
  expect(idempotencyKey).toBe(`settle:${id}`);
  expect(ledger).toMatchObject({ refunds: [], disputes: [] });
});

test('money of a provider, and its way back to the source that a cancellation asks for', async () => {
  const id = await booked(world, { inMs: 3 * 86_400_000 });
  const payment = await startProviderPayment(world.db, id, 'stripe');
  const payload = { paymentId: payment.id, amountMinor: 6_000, currency: 'INR', chargeRef: 'ch_test' };
  const provider = { role: 'provider', id: null } as const;
  await storeMessage(world.db, { appointmentId: id, kind: 'payment_settled', actor: provider, payload, signal: false });
  await commitAppointment(world.db, id);
  const actor = { role: 'client', id: world.parties.client.id } as const;
  await storeMessage(world.db, { appointmentId: id, kind: 'cancel', actor, signal: false });
  await commitAppointment(world.db, id);
  const ledger = await ledgerOf(id);
  expect(linesOf(ledger)).toEqual([
    ['fund', 'stripe_clearing -6000', 'client_wallet 6000'],
    ['refund_requested', 'client_wallet -6000', 'refund_pending 6000'],
  ]);
  expect(ledger.transactions.map(({ paymentId }) => paymentId)).toEqual([payment.id, payment.id]);
  expect(ledger.refunds).toMatchObject([
    { amountMinor: 6_000, to: 'source', status: 'pending', reason: 'cancelled', requestedBy: 'client' },
  ]);
});

test('it is for admins, and of an appointment that is there', async () => {
  const id = await activated(world, { inMs: 5 * 86_400_000 });
  const { client, therapist, admin } = world.parties;
  for (const person of [client, therapist]) {
    expect((await world.send(person, `/v1/admin/appointments/${id}/ledger`)).status).toBe(403);
  }
  expect((await world.send(admin, '/v1/admin/appointments/nothing/ledger')).status).toBe(404);
  expect(await ledgerOf(id)).toEqual({ transactions: [], refunds: [], disputes: [] });
});
