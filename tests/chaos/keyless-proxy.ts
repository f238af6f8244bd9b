import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';

/** A server between the product and the sandbox that takes the product's idempotency keys off. */
export interface KeylessProxy {
  url: string;
  close(): Promise<void>;
}

/** https://docs.stripe.com/api/idempotent_requests, https://razorpay.com/docs/api/refunds/create-normal/ */
const KEY_HEADERS = new Set(['idempotency-key', 'x-refund-idempotency', 'x-payout-idempotency']);
/** An order's receipt is its key when `unique_receipt` is set. */
const KEY_FIELDS = ['receipt', 'unique_receipt'];

/** The body without what makes a repeat harmless; one that isn't JSON stays as it is. */
export function withoutKeys(body: string, contentType: string): string {
  if (!contentType.includes('json')) return body;
  try {
    const fields = JSON.parse(body) as Record<string, unknown>;
    for (const name of KEY_FIELDS) delete fields[name];
    return JSON.stringify(fields);
  } catch {
    return body;
  }
}

async function textOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

async function forward(asked: IncomingMessage, answer: ServerResponse, target: string): Promise<void> {
  const body = withoutKeys(await textOf(asked), asked.headers['content-type'] ?? '');
  const kept = Object.entries(asked.headers).filter(([name]) => !KEY_HEADERS.has(name));
  const headers = { ...Object.fromEntries(kept), 'content-length': String(Buffer.byteLength(body)) };
  delete (headers as Record<string, unknown>)['transfer-encoding'];
  const onward = request(target + (asked.url ?? '/'), { method: asked.method, headers });
  // An answer that the sandbox loses is lost here too.
  onward.on('error', () => asked.socket.destroy());
  onward.on('response', (got) => {
    answer.writeHead(got.statusCode ?? 502, got.headers);
    got.on('error', () => asked.socket.destroy());
    got.pipe(answer);
  });
  onward.end(body);
}

/** Starts it in front of `target` on a free port of 127.0.0.1. */
export async function startKeylessProxy(target: string): Promise<KeylessProxy> {
  const server = createServer((asked, answer) => {
    void forward(asked, answer, target).catch(() => asked.socket.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
