import twilio from 'twilio';
import type RequestClient from 'twilio/lib/base/RequestClient.js';
import { Agent, request } from 'undici';
import type { TwilioConfig } from './config.js';
import { CALL_TIMEOUT_MS } from './limits.js';
import { withRetries } from './retry.js';
import { toTwilioError } from './twilio-errors.js';
import { ProviderError } from './types.js';

/** Connections to one of Twilio's hosts at most; further requests wait for one. */
const CONNECTIONS = 50;
/** What was refused with 429 was not done: it is asked again so often, after this pause and twice that. */
const BUSY_RETRIES = 2;
const BUSY_PAUSE_MS = 200;

const formOf = (fields: object): string => {
  const form = new URLSearchParams();
  for (const [name, given] of Object.entries(fields))
    for (const value of Array.isArray(given) ? given : [given])
      if (value !== undefined) form.append(name, value === null ? '' : String(value));
  return form.toString();
};

/** As the SDK wants it: an object, or the text of what is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/**
 * The SDK's HTTP client over undici: axios, which the SDK brings along, was the largest part of what the worker's own
 * thread did for a herd's notices. Sends what is meant for `https://<product>.twilio.com` to `<base>/<product>`, for the
 * sandbox; pagination follows absolute addresses, so the rewriting happens here, below the SDK.
 * https://github.com/twilio/twilio-node/blob/main/advanced-examples/custom-http-client.md
 */
class UndiciClient extends twilio.RequestClient {
  private readonly connections = new Agent({ connections: CONNECTIONS });

  constructor(
    private readonly base: string | null,
    private readonly timeoutMs: number,
  ) {
    super();
  }

  /** @throws ProviderError when no answer came */
  override async request<TData>(options: RequestClient.RequestOptions<TData>) {
    const { method, uri, username = '', password = '', params, data } = options;
    const url = rebase(uri, this.base);
    try {
      const answer = await request(params ? `${url}?${formOf(params)}` : url, {
        method: method.toUpperCase() as 'GET',
        headers: {
          ...options.headers,
          Authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
        },
        body: data ? formOf(data) : null,
        dispatcher: this.connections,
        signal: AbortSignal.timeout(this.timeoutMs),
      });
      const body = parsed(await answer.body.text()) as TData;
      return { statusCode: answer.statusCode, headers: answer.headers, body };
    } catch {
      throw new ProviderError('twilio', 'connection_failed', 'Twilio could not be reached', true);
    }
  }
}

/** `https://video.twilio.com/v1/Rooms` under `http://127.0.0.1:1/twilio` is `http://127.0.0.1:1/twilio/video/v1/Rooms`. */
export function rebase(uri: string, base: string | null): string {
  if (base === null) return uri;
  return uri.replace(/^https:\/\/([a-z0-9-]+)(?:\.[a-z0-9-]+)*\.twilio\.com(?=[/?]|$)/i, `${base}/$1`);
}

/** Twilio's REST client by API key. */
export function createTwilioClient(config: TwilioConfig, timeoutMs = CALL_TIMEOUT_MS): twilio.Twilio {
  const httpClient = new UndiciClient(config.apiUrl, timeoutMs);
  return twilio(config.apiKeySid, config.apiKeySecret, { accountSid: config.accountSid, httpClient });
}

/** Asks again only what was refused with 429, where nothing had happened. @throws ProviderError whatever the SDK throws */
export function callTwilio<T>(call: () => Promise<T>): Promise<T> {
  const called = async () => {
    try {
      return await call();
    } catch (error) {
      throw toTwilioError(error);
    }
  };
  const isWorthwhile = (error: unknown) => error instanceof ProviderError && error.httpStatus === 429;
  return withRetries(called, { retries: BUSY_RETRIES, pauseMs: BUSY_PAUSE_MS, isWorthwhile });
}
