import { Agent, type IncomingMessage, request } from 'node:http';
import type { Answer } from './document.js';

const HANG_MS = 30_000;

export interface Request {
  method: string;
  path: string;
  headers: [name: string, value: string][];
  body: string | null;
}

async function read(response: IncomingMessage): Promise<Answer> {
  const { statusCode: status = 0, headers } = response;
  const contentType = headers['content-type'] ?? '';
  // A stream of events has no end.
  if (contentType.startsWith('text/event-stream')) {
    response.destroy();
    return { status, headers, contentType, text: '' };
  }
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk as string;
  return { status, headers, contentType, text };
}

/** Sends what `fetch` would not: any path, any header, a body with any method. */
export class Sender {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 64 });

  constructor(private readonly url: string) {}

  /** @throws Error when there is no answer in time, or the connection is cut */
  async send({ method, path, headers, body }: Request): Promise<Answer> {
    const { hostname, port } = new URL(this.url);
    const bytes = body === null ? null : Buffer.from(body, 'utf8');
    const all: Record<string, string> = Object.fromEntries(headers);
    if (bytes !== null) all['content-length'] = String(bytes.length);
    const answered = new Promise<Answer>((resolve, reject) => {
      const sent = request({ hostname, port, method, path, headers: all, agent: this.agent, timeout: HANG_MS });
      sent.once('timeout', () => sent.destroy(new Error(`no answer in ${HANG_MS} ms`)));
      sent.once('response', (response) => void read(response).then(resolve, reject));
      sent.once('error', reject);
      sent.end(bytes ?? undefined);
    });
    return answered;
  }

  close(): void {
    this.agent.destroy();
  }
}
