import { Hono } from 'hono';
import { escapeHtml, page } from '../html.js';
import { amountText } from './pay-page.js';
import type { PaymentControl, SandboxPayment } from './payments.js';

/** The newest payments of a vendor are the ones that somebody looks for. */
const MOST_PAYMENTS = 10;

const LOOK_AT: Record<string, string> = {
  '/_sandbox/payments': 'payments at Stripe and Razorpay',
  '/_sandbox/rooms': 'video rooms, and who was in them',
  '/_sandbox/mail': 'e-mail received',
  '/_sandbox/sms': 'text messages received',
  '/_sandbox/calls': 'every call to a vendor',
  '/_sandbox/webhooks': 'webhooks sent, waiting and failed',
  '/_sandbox/faults': 'faults that were asked for',
  '/oidc/.well-known/openid-configuration': 'the OpenID provider',
};

/** The page at `/`: what the sandbox is, where to pay, where to look. */
export function indexPage(payments: PaymentControl): Hono {
  const app = new Hono();
  app.get('/', (c) => c.html(page('Overview', body(payments.list()))));
  return app;
}

function body(all: SandboxPayment[]): string {
  const newest = (['stripe', 'razorpay'] as const).flatMap((vendor) => {
    const ofVendor = all.filter(({ provider }) => provider === vendor);
    return ofVendor.slice(-MOST_PAYMENTS).reverse();
  });
  const rows = newest.map((payment) => `<li>${linkTo(payment)}: ${escapeHtml(payment.status)}</li>`);
  const looks = Object.entries(LOOK_AT).map(([path, what]) => `<li><a href="${path}">${path}</a>: ${what}</li>`);
  return [
    '<p>Speaks for Stripe, Razorpay, Twilio, a mail server and an OpenID provider, on this machine alone.</p>',
    heading('Payments'),
    rows.length > 0 ? `<ul>${rows.join('')}</ul>` : '<p>No payment was started yet.</p>',
    `${heading('To look at')}<ul>${looks.join('')}</ul>`,
  ].join('\n');
}

function linkTo(payment: SandboxPayment): string {
  const { ref, provider } = payment;
  return `<a href="/pay/${encodeURIComponent(ref)}">${escapeHtml(`${amountText(payment)} by ${provider}`)}</a>`;
}

/** Smaller than the page's own heading, which is small too. */
function heading(text: string): string {
  return `<h2 style="font-size: 1.1rem">${text}</h2>`;
}
