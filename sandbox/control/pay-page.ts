import { type Context, Hono } from 'hono';
import { escapeHtml, page } from '../html.js';
import { paymentAction } from './bodies.js';
import { toControlFailure } from './failure.js';
import type { PaymentAction, PaymentActionResult, PaymentControl, SandboxPayment } from './payments.js';

interface Button {
  label: string;
  action: string;
  paymentMethod?: string;
}

const STRIPE_OPEN: Button[] = [
  { label: 'Pay', action: 'pay' },
  { label: 'Pay with 3-D Secure', action: 'pay', paymentMethod: 'pm_card_authenticationRequired' },
  { label: 'Decline', action: 'decline' },
];

/** Which buttons a payment has in its status; none when nothing can happen to it any more. */
const BUTTONS: Record<string, Button[]> = {
  'stripe requires_payment_method': STRIPE_OPEN,
  'stripe requires_confirmation': STRIPE_OPEN,
  'stripe requires_action': [
    { label: 'Authenticate', action: 'authenticate' },
    { label: 'Fail authentication', action: 'fail_authentication' },
  ],
  'stripe processing': [
    { label: 'Let it arrive', action: 'pay' },
    { label: 'Let it fail', action: 'decline' },
  ],
  'stripe requires_capture': [{ label: 'Capture', action: 'capture' }],
  'razorpay created': [
    { label: 'Pay', action: 'pay' },
    { label: 'Authorise only', action: 'authorize' },
    { label: 'Decline', action: 'decline' },
  ],
  'razorpay attempted': [
    { label: 'Pay', action: 'pay' },
    { label: 'Capture the authorised payment', action: 'capture' },
    { label: 'Decline', action: 'decline' },
  ],
};

/** What is said above the facts: what the pressed button did, or why it did nothing. */
interface Said {
  notice?: string;
  alert?: string;
}

/** The checkout page below `/pay`: a person with a browser, or curl, finishes a payment on it. */
export function payPages(payments: PaymentControl): Hono {
  const app = new Hono();
  app.get('/:ref', (c) => show(c, c.req.param('ref'), {}));
  app.post('/:ref', async (c) => {
    const form = new URLSearchParams(await c.req.text());
    const action = paymentAction.safeParse(form.get('action'));
    if (!action.success) return show(c, c.req.param('ref'), { alert: 'That is none of the buttons.' });
    const paymentMethod = form.get('payment_method') ?? undefined;
    try {
      const payment = payments.act(c.req.param('ref'), action.data, { paymentMethod });
      return render(c, payment, { notice: noticeOf(action.data, payment) });
    } catch (error) {
      return show(c, c.req.param('ref'), { alert: toControlFailure(error)?.message ?? String(error) });
    }
  });
  return app;

  function show(c: Context, ref: string, said: Said): Response | Promise<Response> {
    try {
      return render(c, payments.get(ref), said);
    } catch {
      return c.html(page('No such payment', `<p>The sandbox knows no payment ${escapeHtml(ref)}.</p>`), 404);
    }
  }
}

/** A declined card leaves the status as it was: without a sentence nothing would seem to have happened. */
function noticeOf(action: PaymentAction, { status }: PaymentActionResult): string {
  if (action === 'decline') return 'The payment was declined. The payer may try again.';
  if (action === 'fail_authentication') return 'The authentication failed. The payer may try again.';
  if (status === 'requires_action') return 'The bank asks the payer to authenticate (3-D Secure).';
  if (status === 'succeeded' || status === 'paid') return 'Paid. The webhook that says so is on its way.';
  return 'Done.';
}

function render(c: Context, payment: PaymentActionResult, { alert, notice }: Said): Response | Promise<Response> {
  const appointmentId = payment.metadata['appointmentId'];
  const facts = {
    Amount: amountText(payment),
    Status: payment.status,
    Provider: payment.provider,
    Reference: payment.ref,
    ...(appointmentId === undefined ? {} : { Appointment: appointmentId }),
  };
  const rows = Object.entries(facts).map(([name, value]) => `<dt>${name}</dt><dd>${escapeHtml(value)}</dd>`);
  const buttons = BUTTONS[`${payment.provider} ${payment.status}`] ?? [];
  const parts = [
    alert ? `<p role="alert">${escapeHtml(alert)}</p>` : '',
    notice ? `<p role="status">${escapeHtml(notice)}</p>` : '',
    `<dl>${rows.join('')}</dl>`,
    buttons.length > 0
      ? buttons.map((button) => form(payment.ref, button)).join('\n')
      : '<p>Nothing is left to do here.</p>',
    payment.signature ? checkoutText(payment) : '',
  ];
  return c.html(page('Payment', parts.join('\n')), alert ? 409 : 200);
}

function form(ref: string, { label, action, paymentMethod }: Button): string {
  const method = paymentMethod ? `<input type="hidden" name="payment_method" value="${paymentMethod}">` : '';
  const target = `/pay/${encodeURIComponent(ref)}`;
  return `<form method="post" action="${target}"><input type="hidden" name="action" value="${action}">${method}<button type="submit">${label}</button></form>`;
}

function checkoutText({ orderId, paymentId, signature }: PaymentActionResult): string {
  const text = JSON.stringify({ orderId, paymentId, signature }, null, 2);
  return `<p>Razorpay's checkout would hand this to the browser:</p><pre style="overflow-x: auto">${escapeHtml(text)}</pre>`;
}

/** An amount as people write it, with the currency's code. */
export function amountText({ amountMinor, currency }: SandboxPayment): string {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency });
  const decimals = format.resolvedOptions().maximumFractionDigits ?? 2;
  return `${format.format(amountMinor / 10 ** decimals)} (${currency})`;
}
