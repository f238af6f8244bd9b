import { type LookupAddress, lookup } from 'node:dns';
import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { isLoopback, isPublicAddress } from './webhook-addresses.js';

/** One message to one receiver. */
export interface WebhookMessage {
  url: string;
  /** The same on every try: a receiver tells repeats by it. */
  id: string;
  body: string;
  /** All that are valid now: each signs. */
  secrets: readonly string[];
}

/** How it was answered; `status` null when it was not. */
export interface WebhookAnswer {
  status: number | null;
  error: string | null;
  /** The beginning of the answer's body, as it came. */
  answer: string | null;
}

export type ResolveHost = (host: string) => Promise<LookupAddress[]>;

export interface WebhookSenderOptions {
  /** Lets http and loopback through, for development; other inner addresses never. */
  allowLocal: boolean;
  timeoutMs?: number;
  resolve?: ResolveHost;
}

const TIMEOUT_MS = 15_000;
const LONGEST_URL = 2_000;
/** An answer longer than this is not read to its end. */
const MOST_READ_BYTES = 16 * 1024;
const REFUSED = 'its address is not of the public internet';

const resolveHost: ResolveHost = (host) =>
  new Promise((resolve, reject) => {
    lookup(host, { all: true }, (error, found) => (error === null ? resolve(found) : reject(error)));
  });

/** A host as the resolver takes it: IPv6 without its brackets. */
const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[(.*)\]$/, '$1');

/**
 * Sends signed messages (https://www.standardwebhooks.com) to addresses that others chose. The address that is connected
 * to is the one that was checked, so a name that changes its address gains nothing; redirects are not followed.
 */
export class WebhookSender {
  private readonly allowLocal: boolean;
  private readonly timeoutMs: number;
  private readonly resolve: ResolveHost;

  constructor({ allowLocal, timeoutMs = TIMEOUT_MS, resolve = resolveHost }: WebhookSenderOptions) {
    this.allowLocal = allowLocal;
    this.timeoutMs = timeoutMs;
    this.resolve = resolve;
  }

  /** Why nothing would ever be sent there; null when something might. */
  objection(text: string): string | null {
    if (text.length > LONGEST_URL) return 'is too long';
    if (!URL.canParse(text)) return 'is no address';
    const url = new URL(text);
    const isHttp = url.protocol === 'http:' && this.allowLocal;
    if (url.protocol !== 'https:' && !isHttp) return 'must begin with https://';
    if (url.username !== '' || url.password !== '') return 'must hold no name or password';
    if (isIP(hostOf(url)) !== 0 && !this.isAllowed(hostOf(url))) return 'must be on the public internet';
    return null;
  }

  /** Sends once. Never throws: what went wrong is in the answer. */
  async send(message: WebhookMessage, signal?: AbortSignal): Promise<WebhookAnswer> {
    const objection = this.objection(message.url);
    if (objection !== null) return { status: null, error: `the address ${objection}`, answer: null };
    const limit = AbortSignal.timeout(this.timeoutMs);
    try {
      return await this.ask(message, signal === undefined ? limit : AbortSignal.any([limit, signal]));
    } catch (error) {
      const said = limit.aborted ? `no answer within ${this.timeoutMs} ms` : describe(error);
      return { status: null, error: said, answer: null };
    }
  }

  private ask({ url, id, body, secrets }: WebhookMessage, signal: AbortSignal): Promise<WebhookAnswer> {
    const at = new Date();
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'user-agent': 'Punctual-Webhooks',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(id, at, body)).join(' '),
    };
    const start = url.startsWith('https:') ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      // `agent: false`: no connection outlives its message, so each one's address is looked up and checked.
      const options = { method: 'POST', headers, lookup: this.lookup, agent: false, signal };
      const request: ClientRequest = start(url, options, (response) => {
        read(response, signal).then(resolve, reject);
      });
      request.once('error', reject);
      request.end(body);
    });
  }

  private isAllowed(address: string): boolean {
    return isPublicAddress(address) || (this.allowLocal && isLoopback(address));
  }

  /** In place of the resolver of `net.connect`: only allowed addresses of a name are ever connected to. */
  private readonly lookup: LookupFunction = (host, { all }, callback) => {
    this.resolve(host).then(
      (found) => {
        const allowed = found.filter(({ address }) => this.isAllowed(address));
        const [first] = allowed;
        if (first === undefined) callback(new Error(REFUSED), all ? [] : '', 4);
        else if (all) callback(null, allowed);
        else callback(null, first.address, first.family);
      },
      (error: unknown) => callback(error as NodeJS.ErrnoException, all ? [] : '', 4),
    );
  };
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'it could not be sent';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return error.message === REFUSED ? REFUSED : code || error.name;
}

/** The status decides; of the body the beginning is read. */
async function read(response: IncomingMessage, signal: AbortSignal): Promise<WebhookAnswer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > MOST_READ_BYTES) break;
    }
  } catch (error) {
    if (signal.aborted) throw error; // not all of it in time
  }
  response.destroy();
  const status = response.statusCode ?? null;
  const isDone = status !== null && status >= 200 && status < 300;
  const isRedirect = status !== null && status >= 300 && status < 400;
  const error = isDone ? null : isRedirect ? 'a redirect, which is not followed' : `answered with ${status}`;
  return { status, error, answer: Buffer.concat(chunks).toString('utf8') };
}
