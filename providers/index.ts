import type { ProviderConfig } from './config.js';
import { SmtpMail } from './mail.js';
import { csvRail, type PayoutRail } from './payout-rail.js';
import { RazorpayGateway } from './razorpay.js';
import { StripeTransfers } from './stripe-transfers.js';
import { StripeGateway } from './stripe.js';
import { TwilioRooms } from './twilio-rooms.js';
import { TwilioSms } from './twilio-sms.js';
import { WebhookSender } from './webhook-sender.js';
import type { CheckoutSignature, MailProvider, PaymentGateway, RoomProvider, SmsProvider } from './types.js';

/** Every vendor, in the service's own words. */
export interface Providers {
  stripe: PaymentGateway;
  razorpay: PaymentGateway & CheckoutSignature;
  rooms: RoomProvider;
  sms: SmsProvider;
  mail: MailProvider;
  webhooks: WebhookSender;
  /** How therapists are paid, by the rail's name. */
  payoutRails: Record<PayoutRail['name'], PayoutRail>;
}

/** Builds the adapters; opens no connection. */
export function createProviders(config: ProviderConfig): Providers {
  return {
    stripe: new StripeGateway(config.stripe),
    razorpay: new RazorpayGateway(config.razorpay),
    rooms: new TwilioRooms(config.twilio),
    sms: new TwilioSms(config.twilio),
    mail: new SmtpMail(config.mail),
    webhooks: new WebhookSender(config.webhooks),
    payoutRails: { csv: csvRail, stripe_connect: new StripeTransfers(config.stripe) },
  };
}
