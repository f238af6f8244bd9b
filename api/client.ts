import { type ClientResponse, hc } from 'hono/client';
import type { AppType } from './app.js';

/** How a front end says who is there: a bearer token, or (in the web app) the session's cookie. */
export interface ApiClientOptions {
  /** Asked for before each request, so that it can be renewed. Without it the browser's cookie is sent. */
  token?: () => string | Promise<string>;
  fetch?: typeof fetch;
}

/**
 * A client of every route, typed by the routes themselves: paths, inputs, answers and problems.
 * https://hono.dev/docs/guides/rpc
 */
export function createApiClient(url: string, { token, fetch: ownFetch }: ApiClientOptions = {}) {
  const headers = async (): Promise<Record<string, string>> =>
    token === undefined ? {} : { authorization: `Bearer ${await token()}` };
  return hc<AppType>(url, {
    headers,
    init: { credentials: token === undefined ? 'include' : 'omit' },
    ...(ownFetch === undefined ? {} : { fetch: ownFetch }),
  });
}

export type ApiClient = ReturnType<typeof createApiClient>;

type Good = 200 | 201 | 202 | 204;

/** An answer by what became of it: a body, or a problem whose `code` is one that this route can answer with. */
export type Settled<R> =
  R extends ClientResponse<infer Body, infer Status, string>
    ? Status extends Good
      ? { ok: true; status: Status; body: Body }
      : Body extends { code: string }
        ? { ok: false; status: Status; problem: Body }
        : never
    : never;

/** Awaits an answer and reads it; `ok` narrows it. @throws TypeError when the network fails */
export async function settle<R extends ClientResponse<unknown, number, string>>(
  asked: Promise<R>,
): Promise<Settled<R>> {
  const answer = await asked;
  const text = await answer.text();
  const isJson = /json/.test(answer.headers.get('content-type') ?? '');
  const body: unknown = isJson ? JSON.parse(text) : text === '' ? null : text;
  const { ok, status } = answer;
  return (ok ? { ok, status, body } : { ok, status, problem: body }) as Settled<R>;
}
