import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Sandbox, startSandbox } from '../server.js';
import { razorpaySdk, stripeSdk } from '../test-support.js';

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox();
});
beforeEach(() => sandbox.control.reset());
afterAll(() => sandbox.close());

const look = async (path: string) => (await fetch(`${sandbox.url}${path}`)).text();
const press = async (ref: string, form: Record<string, string>) =>
  (await fetch(`${sandbox.url}/pay/${ref}`, { method: 'POST', body: new URLSearchParams(form) })).text();

async function intent(): Promise<string> {
  const metadata = { appointmentId: 'a-<1>' };
  return (await stripeSdk(sandbox.url).paymentIntents.create({ amount: 4998, currency: 'eur', metadata })).id;
}

it('says what a button did, also where the status stays', async () => {
  const ref = await intent();
  const declined = await press(ref, { action: 'decline' });
  expect(declined).toContain('requires_payment_method');
  expect(declined).toContain('declined');
  const asked = await press(ref, { action: 'pay', payment_method: 'pm_card_authenticationRequired' });
  expect(asked).toContain('asks the payer to authenticate');
  expect(await press(ref, { action: 'fail_authentication' })).toContain('authentication failed');
  expect(await press(ref, { action: 'pay' })).toContain('webhook');
});

it('names the appointment that the payment is for', async () => {
  expect(await look(`/pay/${await intent()}`)).toContain('a-&#60;1&#62;');
});

it('lists the payments on the index page, each vendor’s newest first, with links to pay', async () => {
  expect(await look('/')).toContain('No payment was started yet');
  const older = await intent();
  const ref = await intent();
  const { id: order } = await razorpaySdk(sandbox.url).orders.create({ amount: 50_000, currency: 'INR' });
  const index = await look('/');
  expect(index).toContain(`<a href="/pay/${ref}">€49.98 (EUR) by stripe</a>: requires_payment_method`);
  expect(index).toContain(`/pay/${order}`);
  expect(index.indexOf(ref)).toBeLessThan(index.indexOf(older));
});

it('links on the index page to nothing that is not there', async () => {
  const links = [...(await look('/')).matchAll(/href="([^"]+)"/g)].map(([, path]) => path!);
  expect(links.length).toBeGreaterThan(5);
  const statuses = await Promise.all(links.map(async (path) => [path, (await fetch(`${sandbox.url}${path}`)).status]));
  expect(statuses).toEqual(links.map((path) => [path, 200]));
});
