import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Sandbox, startSandbox } from '../server.js';
import { controlCall, razorpaySdk, stripeSdk } from '../test-support.js';
import type { SandboxPayment } from './payments.js';

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox();
});
beforeEach(() => sandbox.control.reset());
afterAll(() => sandbox.close());

async function onePaymentEach(): Promise<{ intent: string; order: string }> {
  const asked = { amount: 5000, currency: 'usd', metadata: { paymentId: 'p-1', clientId: 'c-1' } };
  const { id: intent } = await stripeSdk(sandbox.url).paymentIntents.create(asked);
  const notes = { paymentId: 'p-2', clientId: 'c-1' };
  const { id: order } = await razorpaySdk(sandbox.url).orders.create({ amount: 50_000, currency: 'INR', notes });
  return { intent, order };
}

const payments = (query: string) => controlCall<SandboxPayment[]>(sandbox.url, 'GET', `/payments${query}`);

describe('the control API', () => {
  it('finds payments by reference and by metadata', async () => {
    const { intent, order } = await onePaymentEach();
    expect(await payments('?metadata.paymentId=p-1')).toEqual([
      {
        ref: intent,
        provider: 'stripe',
        amountMinor: 5000,
        currency: 'USD',
        status: 'requires_payment_method',
        paymentId: 'p-1',
        metadata: { paymentId: 'p-1', clientId: 'c-1' },
        url: `${sandbox.url}/pay/${intent}`,
      },
    ]);
    expect((await payments(`?ref=${order}`)).map(({ paymentId }) => paymentId)).toEqual(['p-2']);
    expect(await payments('?metadata.clientId=c-1')).toHaveLength(2);
    expect(await payments('?metadata.clientId=nobody')).toEqual([]);
  });

  it('logs the calls, and those after a given one', async () => {
    await onePaymentEach();
    const [stripe, razorpay] = await controlCall<object[]>(sandbox.url, 'GET', '/calls?since=0');
    expect(stripe).toMatchObject({ provider: 'stripe', method: 'POST', path: '/v1/payment_intents', status: 200 });
    expect(stripe).toMatchObject({ body: { amount: '5000', metadata: { paymentId: 'p-1' } } });
    expect(razorpay).toMatchObject({ provider: 'razorpay', path: '/razorpay/v1/orders', idempotencyKey: null });
    const { seq } = stripe as { seq: number };
    expect(await controlCall(sandbox.url, 'GET', `/calls?since=${seq}`)).toEqual([razorpay]);
  });

  it('pays with the card it is told to', async () => {
    const { intent } = await onePaymentEach();
    const act = (action: string, body?: object) =>
      controlCall<SandboxPayment>(sandbox.url, 'POST', `/payments/${intent}/${action}`, body);
    expect((await act('pay', { paymentMethod: 'pm_card_chargeDeclined' })).status).toBe('requires_payment_method');
    expect((await act('pay', { paymentMethod: 'pm_card_authenticationRequired' })).status).toBe('requires_action');
    expect((await act('authenticate')).status).toBe('succeeded');
    await expect(act('pay')).rejects.toThrow('409');
  });

  it('says what is wrong', async () => {
    await expect(controlCall(sandbox.url, 'POST', '/payments/pi_no/pay')).rejects.toThrow('404');
    await expect(controlCall(sandbox.url, 'POST', '/rooms/no/participants', { identity: 'a' })).rejects.toThrow('404');
    await expect(controlCall(sandbox.url, 'POST', '/faults', { provider: 'stripe', kind: 'boom' })).rejects.toThrow(
      '400',
    );
    await expect(controlCall(sandbox.url, 'GET', '/nothing')).rejects.toThrow('404');
    expect(await controlCall(sandbox.url, 'GET', '/health')).toEqual({ ok: true });
  });
});

describe('the pay page', () => {
  const press = async (ref: string, form: Record<string, string>) =>
    (await fetch(`${sandbox.url}/pay/${ref}`, { method: 'POST', body: new URLSearchParams(form) })).text();

  it('shows amount and status, and takes a payer through 3-D Secure', async () => {
    const { intent } = await onePaymentEach();
    const open = await (await fetch(`${sandbox.url}/pay/${intent}`)).text();
    for (const text of ['$50.00', 'requires_payment_method', 'Pay with 3-D Secure', 'Decline'])
      expect(open).toContain(text);
    const waiting = await press(intent, { action: 'pay', payment_method: 'pm_card_authenticationRequired' });
    expect(waiting).toContain('Fail authentication');
    expect(await press(intent, { action: 'authenticate' })).toContain('succeeded');
    const again = await fetch(`${sandbox.url}/pay/${intent}`, {
      method: 'POST',
      body: new URLSearchParams({ action: 'pay' }),
    });
    expect(again.status).toBe(409);
    expect(await again.text()).toContain('role="alert"');
  });

  it('hands over what checkout would, for Razorpay', async () => {
    const { order } = await onePaymentEach();
    expect(await press(order, { action: 'decline' })).toContain('attempted');
    const paid = await press(order, { action: 'pay' });
    expect(paid).toContain('₹500.00');
    expect(paid).toMatch(/signature/);
  });

  it('knows no payment that there is not, and escapes what it shows', async () => {
    const answer = await fetch(`${sandbox.url}/pay/${encodeURIComponent('<b>x</b>')}`);
    expect(answer.status).toBe(404);
    expect(await answer.text()).not.toContain('<b>x</b>');
  });
});
