import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import Razorpay from 'razorpay';
import Stripe from 'stripe';
import twilio from 'twilio';
import type RequestClient from 'twilio/lib/base/RequestClient.js';
import { razorpayCredentials, stripeCredentials, twilioCredentials } from './credentials.js';
import type { Sandbox } from './server.js';
import { sleep } from './vendor-gate.js';

/** The real Stripe SDK against a sandbox; no retries of its own unless asked for. */
export function stripeSdk(url: string, options: { apiKey?: string; maxNetworkRetries?: number } = {}): Stripe {
  const { hostname, port } = new URL(url);
  const { apiKey = stripeCredentials.secretKey, maxNetworkRetries = 0 } = options;
  return new Stripe(apiKey, { host: hostname, port, protocol: 'http', maxNetworkRetries, telemetry: false });
}

/** The real Razorpay SDK against a sandbox. `headers` are added to every request, which the SDK can't do itself. */
export function razorpaySdk(
  url: string,
  options: { keySecret?: string; headers?: Record<string, string> } = {},
): Razorpay {
  const { keySecret = razorpayCredentials.keySecret, headers = {} } = options;
  const sdk = new Razorpay({ key_id: razorpayCredentials.keyId, key_secret: keySecret });
  const { rq } = (sdk as unknown as { api: { rq: { defaults: { baseURL: string; headers: { common: object } } } } })
    .api;
  rq.defaults.baseURL = `${url}/razorpay`;
  Object.assign(rq.defaults.headers.common, headers);
  return sdk;
}

class Rebased extends twilio.RequestClient {
  constructor(private readonly url: string) {
    super({ timeout: 5000 });
  }
  override request<TData>(options: RequestClient.RequestOptions<TData>) {
    const uri = options.uri.replace(/^https:\/\/(\w+)\.twilio\.com/, `${this.url}/twilio/$1`);
    return super.request({ ...options, uri });
  }
}

/** The real Twilio SDK against a sandbox, by API key. */
export function twilioSdk(url: string, apiKeySecret: string = twilioCredentials.apiKeySecret): twilio.Twilio {
  const { apiKeySid, accountSid } = twilioCredentials;
  return twilio(apiKeySid, apiKeySecret, { accountSid, httpClient: new Rebased(url) });
}

export interface ReceivedWebhook {
  path: string;
  headers: IncomingMessage['headers'];
  body: string;
}

export interface WebhookReceiver {
  url: string;
  received: ReceivedWebhook[];
  /** What the receiver answers from now on; 200 at first. */
  answerWith(status: number): void;
  /** Waits until this many have come. @throws Error after ten seconds */
  waitFor(count: number): Promise<ReceivedWebhook[]>;
  close(): Promise<void>;
}

/** A server of webhooks that keeps what it is sent. */
export async function startReceiver(port = 0): Promise<WebhookReceiver> {
  const received: ReceivedWebhook[] = [];
  let status = 200;
  let arrived = () => {};
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      received.push({ path: request.url ?? '', headers: request.headers, body });
      response.writeHead(status).end();
      arrived();
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    answerWith: (next) => (status = next),
    waitFor: (count) =>
      new Promise((resolve, reject) => {
        const check = () => {
          if (received.length < count) return;
          clearTimeout(timer);
          resolve(received);
        };
        const types = () => received.map(({ body }) => body.slice(0, 80)).join('\n');
        const timer = setTimeout(
          () => reject(new Error(`${received.length} of ${count} webhooks came:\n${types()}`)),
          10_000,
        );
        arrived = check;
        check();
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Waits until every webhook of the test before has arrived, and forgets everything. */
export async function startAfresh(sandbox: Sandbox, receiver: WebhookReceiver): Promise<void> {
  const pending = () => sandbox.control.webhooks().some(({ state }) => state === 'pending');
  for (let tries = 0; pending() && tries < 100; tries += 1) await sleep(20);
  sandbox.control.reset();
  receiver.received.length = 0;
}

/** A call of the control API. @throws Error with the answer when it isn't 2xx */
export async function controlCall<T>(url: string, method: string, path: string, body?: unknown): Promise<T> {
  const answer = await fetch(`${url}/_sandbox${path}`, {
    method,
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${answer.status} ${text}`);
  return JSON.parse(text) as T;
}

/** The event types of Stripe's or Razorpay's webhooks, in the order they came. */
export function eventTypes(received: ReceivedWebhook[]): string[] {
  return received.map(({ body }) => {
    const event = JSON.parse(body) as { type?: string; event?: string };
    return event.type ?? event.event ?? '';
  });
}

/** What a promise was rejected with. @throws Error when it wasn't */
export async function rejection(promise: Promise<unknown>): Promise<Record<string, unknown>> {
  try {
    await promise;
  } catch (error) {
    return error as Record<string, unknown>;
  }
  throw new Error('it was not rejected');
}
