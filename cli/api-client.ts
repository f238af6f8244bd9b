import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { oidcCredentials } from '../sandbox/credentials.js';
import { ApiUnreachable, toApiError } from './api-problem.js';

type Query = Record<string, string | number | undefined>;

/** An answer below 400: 202 means that the decision is still to come. */
export interface Answer<T> {
  status: number;
  body: T;
}

const CALL_TIMEOUT_MS = 15_000;
/** A 503 releases its key, and 429 is not remembered: both may be repeated with the same one. */
const WORTH_REPEATING = [429, 503];
const MOST_TRIES = 4;
const LONGEST_PAUSE_MS = 2_000;

async function call(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...init, signal: AbortSignal.timeout(CALL_TIMEOUT_MS) });
  } catch (error) {
    const { cause, message } = error as Error;
    throw new ApiUnreachable(
      `${new URL(url).origin} can't be reached: ${cause instanceof Error ? cause.message : message}.`,
    );
  }
}

async function readBody(response: Response): Promise<unknown> {
  const text = await response.text();
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

/** A caller of the API: one person's token, JSON both ways. */
export class ApiClient {
  constructor(
    readonly baseUrl: string,
    private readonly token: string,
  ) {}

  /** @throws ApiProblem, ApiUnreachable */
  async get<T>(path: string, query: Query = {}): Promise<T> {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
    return (await this.#send<T>('GET', search.size === 0 ? path : `${path}?${search.toString()}`, {})).body;
  }

  /** Sends with an Idempotency-Key of its own, so that a repeat has one effect. @throws ApiProblem, ApiUnreachable */
  async post<T>(path: string, body: object = {}): Promise<T> {
    return (await this.postForStatus<T>(path, body)).body;
  }

  /** The same, for routes whose status says something: 202. */
  postForStatus<T>(path: string, body: object = {}): Promise<Answer<T>> {
    const headers = { 'content-type': 'application/json', 'idempotency-key': randomUUID() };
    return this.#send<T>('POST', path, { headers, body: JSON.stringify(body) });
  }

  async #send<T>(
    method: string,
    path: string,
    init: { headers?: Record<string, string>; body?: string },
  ): Promise<Answer<T>> {
    const url = `${this.baseUrl}${path}`;
    const headers = { accept: 'application/json', authorization: `Bearer ${this.token}`, ...init.headers };
    for (let attempt = 1; ; attempt += 1) {
      const response = await call(url, { ...init, method, headers });
      const body = await readBody(response);
      if (response.ok) return { status: response.status, body: body as T };
      if (!WORTH_REPEATING.includes(response.status) || attempt === MOST_TRIES)
        throw toApiError(response.status, url, body);
      const retryAfterMs = Number(response.headers.get('retry-after') ?? 1) * 1_000 || 1_000;
      await sleep(Math.min(LONGEST_PAUSE_MS, retryAfterMs));
    }
  }
}

/** A bearer token for a seeded person of a development stack. @throws Error when the issuer gives none */
export async function signIn(oidcIssuer: string, name: string): Promise<string> {
  const { cliClientId, signInGrantType } = oidcCredentials;
  const body = new URLSearchParams({ grant_type: signInGrantType, client_id: cliClientId, sign_in: name });
  const response = await call(`${oidcIssuer}/token`, { method: 'POST', body });
  const answer = (await readBody(response)) as { access_token?: string; error_description?: string } | null;
  if (!response.ok || !answer?.access_token) {
    throw new Error(
      `${oidcIssuer} gave no token for "${name}": ${answer?.error_description ?? `status ${response.status}`}.`,
    );
  }
  return answer.access_token;
}
