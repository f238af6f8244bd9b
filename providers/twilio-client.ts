import twilio from 'twilio';
import type RequestClient from 'twilio/lib/base/RequestClient.js';
import type { TwilioConfig } from './config.js';
import { CALL_TIMEOUT_MS } from './limits.js';
import { toTwilioError } from './twilio-errors.js';

/**
 * Sends what is meant for `https://<product>.twilio.com` to `<base>/<product>`, for the sandbox. Pagination follows
 * absolute addresses, so the rewriting happens here, below the SDK.
 */
class RebasedClient extends twilio.RequestClient {
  constructor(
    private readonly base: string | null,
    options: ConstructorParameters<typeof twilio.RequestClient>[0],
  ) {
    super(options);
  }

  override request<TData>(options: RequestClient.RequestOptions<TData>) {
    return super.request({ ...options, uri: rebase(options.uri, this.base) });
  }
}

/** `https://video.twilio.com/v1/Rooms` under `http://127.0.0.1:1/twilio` is `http://127.0.0.1:1/twilio/video/v1/Rooms`. */
export function rebase(uri: string, base: string | null): string {
  if (base === null) return uri;
  return uri.replace(/^https:\/\/([a-z0-9-]+)(?:\.[a-z0-9-]+)*\.twilio\.com(?=[/?]|$)/i, `${base}/$1`);
}

/** Twilio's REST client by API key. Repeats only what was refused with 429, where nothing had happened. */
export function createTwilioClient(config: TwilioConfig, timeoutMs = CALL_TIMEOUT_MS): twilio.Twilio {
  const httpClient = new RebasedClient(config.apiUrl, {
    timeout: timeoutMs,
    autoRetry: true,
    maxRetries: 2,
    maxRetryDelay: 1_000,
  });
  return twilio(config.apiKeySid, config.apiKeySecret, { accountSid: config.accountSid, httpClient });
}

/** @throws ProviderError whatever the SDK throws */
export async function callTwilio<T>(request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    throw toTwilioError(error);
  }
}
