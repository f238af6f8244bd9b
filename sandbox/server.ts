import { createServer, type RequestListener, type Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { CallLog } from './calls.js';
import { SandboxControl } from './control/control.js';
import { indexPage } from './control/index-page.js';
import { payPages } from './control/pay-page.js';
import { controlApp } from './control/routes.js';
import { FaultTable } from './faults.js';
import { Mailbox } from './mailbox.js';
import { oidcHandler } from './oidc/handler.js';
import { createOidcProvider } from './oidc/provider.js';
import { razorpayApp } from './razorpay/app.js';
import { RazorpayModel } from './razorpay/model.js';
import { Store } from './store.js';
import { stripeApp } from './stripe/app.js';
import { StripeModel } from './stripe/model.js';
import { twilioApp } from './twilio/app.js';
import { TwilioChat } from './twilio/chat.js';
import { TwilioMessages } from './twilio/messages.js';
import { TwilioRooms } from './twilio/rooms.js';
import type { Destinations } from './webhooks/delivery.js';
import { WebhookDispatcher } from './webhooks/dispatcher.js';

export interface SandboxOptions {
  /** HTTP port on 127.0.0.1; 0 (the default) takes a free one. */
  port?: number;
  smtpPort?: number;
  /** Folder of the journal; null (the default) keeps everything in memory. */
  dataDir?: string | null;
  /** Where Stripe's and Razorpay's webhooks go; on this machine only. */
  destinations?: Destinations;
}

export interface Sandbox {
  /** `http://127.0.0.1:<port>`; the OpenID issuer is this + `/oidc`. */
  url: string;
  /** `smtp://127.0.0.1:<port>` */
  smtpUrl: string;
  /** Changes the given destinations, keeps the others. @throws Error when one isn't on this machine */
  setDestinations(destinations: Destinations): void;
  control: SandboxControl;
  close(): Promise<void>;
}

const ABANDONED_EVERY_MS = 1000;

/** Starts the vendors, the mail catcher and the OpenID provider. @throws the listener's error (`EADDRINUSE`) */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const server = createServer();
  server.keepAliveTimeout = 60_000;
  // The port first: whoever holds it owns the data folder, so a second start must not touch the journal.
  const port = await listen(server, options.port ?? 0);
  const url = `http://127.0.0.1:${port}`;
  try {
    // Requests that come before everything is made wait for it.
    const made = make(options, url);
    server.on('request', (request, response) => {
      made.then(
        ({ handle }) => handle(request, response),
        () => response.destroy(),
      );
    });
    const { sandbox, stop } = await made;
    return { ...sandbox, url, close: async () => void (await Promise.all([closeServer(server), stop()])) };
  } catch (error) {
    await closeServer(server);
    throw error;
  }
}

async function make(options: SandboxOptions, url: string) {
  const store = Store.open(options.dataDir ?? null);
  const faults = new FaultTable();
  const mailbox = new Mailbox(store, faults);
  const webhooks = new WebhookDispatcher(store);
  webhooks.setDestinations(options.destinations ?? {});
  const parts = build({ store, faults, webhooks, mailbox, url });
  const oidc = oidcHandler(await createOidcProvider(store, `${url}/oidc`));
  const api = getRequestListener(parts.app.fetch);
  const handle: RequestListener = (request, response) => {
    if (/^\/oidc(\/|\?|$)/.test(request.url ?? '')) oidc(request, response);
    else void api(request, response);
  };
  const smtpPort = await mailbox.listen(options.smtpPort ?? 0);
  const abandoned = setInterval(() => parts.rooms.endAbandoned(new Date()), ABANDONED_EVERY_MS);
  webhooks.resume();
  const stop = async () => {
    clearInterval(abandoned);
    webhooks.close();
    await mailbox.close();
    store.close();
  };
  const sandbox = {
    smtpUrl: `smtp://127.0.0.1:${smtpPort}`,
    control: parts.control,
    setDestinations: (destinations: Destinations) => webhooks.setDestinations(destinations),
  };
  return { handle, sandbox, stop };
}

function build(base: { store: Store; faults: FaultTable; webhooks: WebhookDispatcher; mailbox: Mailbox; url: string }) {
  const { store, faults, webhooks, mailbox, url } = base;
  const payUrl = (ref: string) => `${url}/pay/${ref}`;
  const calls = new CallLog();
  const stripe = new StripeModel(store, webhooks, payUrl);
  const razorpay = new RazorpayModel(store, webhooks);
  const rooms = new TwilioRooms(store, webhooks);
  const messages = new TwilioMessages(store, webhooks);
  const control = new SandboxControl({
    store,
    calls,
    faults,
    webhooks,
    stripe,
    razorpay,
    rooms,
    messages,
    mailbox,
    payUrl,
  });
  const app = new Hono();
  app.route('/', indexPage(control.payments));
  app.route('/_sandbox', controlApp(control));
  app.route('/pay', payPages(control.payments));
  app.route('/v1', stripeApp({ model: stripe, store, calls, faults }));
  app.route('/razorpay/v1', razorpayApp({ model: razorpay, store, calls, faults }));
  app.route('/twilio', twilioApp({ rooms, chat: new TwilioChat(store), messages, calls, faults }));
  return { app, control, rooms };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
