import type { IncomingHttpHeaders } from 'node:http';
import { startLocalServer } from './test-support.js';

export interface ReceivedWebhook {
  url: string;
  headers: Headers;
  body: string;
}

/** For tests only: takes webhooks and hands them out in the order of their arrival. */
export async function startInbox() {
  const waiting: ReceivedWebhook[] = [];
  const takers: ((webhook: ReceivedWebhook) => void)[] = [];
  const server = await startLocalServer((request, response, body) => {
    const webhook = { url: request.url ?? '', headers: toHeaders(request.headers), body };
    const taker = takers.shift();
    if (taker) taker(webhook);
    else waiting.push(webhook);
    response.end('ok');
  });
  return {
    url: server.url,
    close: () => server.close(),
    /** The next webhook, at once or when it comes. */
    next: () => {
      const ready = waiting.shift();
      return ready ? Promise.resolve(ready) : new Promise<ReceivedWebhook>((resolve) => takers.push(resolve));
    },
  };
}

export type Inbox = Awaited<ReturnType<typeof startInbox>>;

function toHeaders(incoming: IncomingHttpHeaders): Headers {
  const single = Object.entries(incoming).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, value]] : [],
  );
  return new Headers(single as [string, string][]);
}
