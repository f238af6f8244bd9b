import { Agent, request } from 'node:http';

/** An answer, with our own clock's times. */
export interface Answer {
  status: number;
  body: Record<string, unknown>;
  retryAfterS: number | null;
  sentAt: number;
  answeredAt: number;
}

/** What to send. */
export interface Call {
  method: 'GET' | 'POST';
  url: string;
  token: string;
  body?: object;
  key?: string;
}

const TIMEOUT_MS = 60_000;

/** Connections that stay open: as light as a client gets, since it shares the cores with what is measured. */
export class HttpClient {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 512, maxFreeSockets: 512, scheduling: 'lifo' });

  /** Sends once. @throws Error when the connection broke or nothing came within a minute */
  send({ method, url, token, body, key }: Call): Promise<Answer> {
    const text = body === undefined ? '' : JSON.stringify(body);
    const headers: Record<string, string> = {
      authorization: `Bearer ${token}`,
      ...(method === 'POST'
        ? { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) }
        : {}),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    };
    return new Promise((resolve, reject) => {
      const sentAt = Date.now();
      const outgoing = request(url, { method, headers, agent: this.agent, timeout: TIMEOUT_MS }, (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const answeredAt = Date.now();
          const answered = Buffer.concat(chunks).toString('utf8');
          const retryAfter = Number(incoming.headers['retry-after'] ?? Number.NaN);
          resolve({
            status: incoming.statusCode ?? 0,
            body: parseObject(answered),
            retryAfterS: Number.isFinite(retryAfter) ? retryAfter : null,
            sentAt,
            answeredAt,
          });
        });
      });
      outgoing.on('timeout', () => outgoing.destroy(new Error(`${method} ${url} took more than a minute`)));
      outgoing.on('error', reject);
      outgoing.end(text);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}

/** A text member of an answer's body, '' where there is none. */
export function textOf({ body }: Answer, name: string): string {
  const value = body[name];
  return typeof value === 'string' ? value : '';
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
