import { connect, type Socket } from 'node:net';

/** One request as it goes over the wire. */
export interface Shot {
  method: 'GET' | 'POST';
  path: string;
  headers: Record<string, string>;
  body?: string;
}

/** What came back. */
export interface Hit {
  status: number;
  body: string;
  /** From the request's first byte sent to the answer's last byte read. */
  ms: number;
}

const HEAD_END = Buffer.from('\r\n\r\n');

/** The whole request as bytes, built before the clock runs. */
export function toBytes({ method, path, headers, body }: Shot, host: string): Buffer {
  const content = body === undefined ? {} : { 'content-type': 'application/json' };
  const length = method === 'POST' ? { 'content-length': String(Buffer.byteLength(body ?? '')) } : {};
  const all = { host, ...headers, ...content, ...length };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body ?? ''}`);
}

/**
 * A kept-alive HTTP/1.1 connection with one request at a time, as thin as can be: on two cores the client's work is part
 * of every latency it measures, on both sides alike. Answers must have a Content-Length.
 */
export class HttpConnection {
  private chunks: Buffer[] = [];
  private readonly waiting: { resolve: (answer: Buffer) => void; reject: (error: Error) => void }[] = [];

  private constructor(private readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.onData(chunk));
    socket.on('error', (error) => this.fail(error));
    socket.on('close', () => this.fail(new Error('the server closed the connection')));
  }

  static open(url: string): Promise<HttpConnection> {
    const { hostname, port } = new URL(url);
    return new Promise((resolve, reject) => {
      const socket = connect({ host: hostname, port: Number(port) });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new HttpConnection(socket));
      });
    });
  }

  /** Sends and waits for the answer. @throws Error when the connection ends meanwhile */
  async send(bytes: Buffer): Promise<Hit> {
    const startedAt = performance.now();
    const answer = await new Promise<Buffer>((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.socket.write(bytes);
    });
    const ms = performance.now() - startedAt;
    const status = Number(answer.toString('latin1', 9, 12));
    return { status, body: answer.toString('utf8', answer.indexOf(HEAD_END) + HEAD_END.length), ms };
  }

  close(): void {
    this.socket.destroy();
  }

  private onData(chunk: Buffer): void {
    this.chunks.push(chunk);
    const seen = this.chunks.length === 1 ? chunk : Buffer.concat(this.chunks);
    const headEnd = seen.indexOf(HEAD_END);
    const length = headEnd < 0 ? null : /content-length: *(\d+)/i.exec(seen.toString('latin1', 0, headEnd));
    if (headEnd >= 0 && length === null) return this.fail(new Error('an answer without a Content-Length'));
    this.chunks = [seen];
    if (length === null || seen.length < headEnd + HEAD_END.length + Number(length[1])) return undefined;
    this.chunks = [];
    return this.waiting.shift()?.resolve(seen);
  }

  private fail(error: Error): void {
    for (const { reject } of this.waiting.splice(0)) reject(error);
  }
}
