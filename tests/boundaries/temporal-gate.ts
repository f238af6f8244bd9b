import http2 from 'node:http2';
import { gunzipSync } from 'node:zlib';
import { Posts, stand } from './post.js';

/** One call of the worker to Temporal, answered or not. */
export interface TemporalItem {
  /** As in WorkflowService: `RespondWorkflowTaskCompleted`, `PollActivityTaskQueue`, ... */
  method: string;
  request: Buffer;
  /** Empty on the side `before`. */
  answer: Buffer;
}

/** The message inside a gRPC frame; empty when there is none. */
function unframe(frame: Buffer): Buffer {
  if (frame.length < 5) return Buffer.alloc(0);
  const body = frame.subarray(5, 5 + frame.readUInt32BE(1));
  return frame[0] === 1 ? gunzipSync(body) : body;
}

const NOT_FORWARDED = new Set(['connection', 'host', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']);

function forwarded(headers: http2.IncomingHttpHeaders): http2.OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !NOT_FORWARDED.has(name)));
}

async function readAll(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

interface Answer {
  headers: http2.OutgoingHttpHeaders;
  frame: Buffer;
  trailers: http2.OutgoingHttpHeaders;
}

/** A frame with an empty message. */
const NOTHING = Buffer.alloc(5);

function reply(stream: http2.ServerHttp2Stream, { headers, frame, trailers }: Answer): void {
  if (stream.destroyed) return;
  // An error alone comes as one block of headers, which ends the stream.
  if ('grpc-status' in headers) return stream.respond(headers, { endStream: true });
  stream.respond(headers, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  stream.end(frame);
}

/** A proxy before Temporal that reads the worker's calls and stops them at the posts. All of them are unary. */
export class TemporalGate {
  readonly posts = new Posts<TemporalItem>();
  /** Told of every call that arrived at Temporal and was answered. */
  onAnswered: (item: TemporalItem) => void = () => undefined;
  private readonly sessions = new Set<http2.Http2Session>();

  private constructor(
    private readonly server: http2.Http2Server,
    private readonly target: string,
    /** `host:port` of Temporal through this gate. */
    readonly address: string,
  ) {
    server.on('session', (session) => this.pass(session));
  }

  static async open(temporalAddress: string): Promise<TemporalGate> {
    const server = http2.createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    return new TemporalGate(server, `http://${temporalAddress}`, `127.0.0.1:${port}`);
  }

  async close(): Promise<void> {
    for (const session of this.sessions) session.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** One connection to Temporal for one of the worker's, so that a killed worker's polls are given up at once. */
  private pass(session: http2.ServerHttp2Session): void {
    const upstream = http2.connect(this.target);
    for (const one of [session, upstream]) {
      this.sessions.add(one);
      one.on('error', () => undefined);
      one.on('close', () => {
        this.sessions.delete(one);
        session.destroy();
        upstream.destroy();
      });
    }
    session.on('stream', (stream, headers) => {
      stream.on('error', () => undefined);
      this.call(upstream, stream, headers).catch(() => stream.destroy());
    });
  }

  private async call(
    upstream: http2.ClientHttp2Session,
    stream: http2.ServerHttp2Stream,
    headers: http2.IncomingHttpHeaders,
  ): Promise<void> {
    const frame = await readAll(stream);
    const method = String(headers[':path']).split('/').at(-1)!;
    const asked: TemporalItem = { method, request: unframe(frame), answer: Buffer.alloc(0) };
    const before = this.posts.stopping('before', asked);
    if (before !== null) return stand(before);
    const answer = await this.ask(upstream, stream, headers, frame);
    const item = { ...asked, answer: unframe(answer.frame) };
    const after = this.posts.stopping('after', item);
    if (after !== null) {
      stand(after);
      // A poll hears that there is nothing, and so keeps no poller from the others' tasks.
      if (method.startsWith('Poll')) reply(stream, { ...answer, frame: NOTHING });
      return;
    }
    this.onAnswered(item);
    reply(stream, answer);
  }

  private async ask(
    upstream: http2.ClientHttp2Session,
    stream: http2.ServerHttp2Stream,
    headers: http2.IncomingHttpHeaders,
    frame: Buffer,
  ): Promise<Answer> {
    const request = upstream.request(forwarded(headers));
    stream.on('close', () => request.close());
    const answer: Answer = { headers: {}, frame, trailers: {} };
    request.on('response', (given) => {
      answer.headers = given;
    });
    request.on('trailers', (given) => {
      answer.trailers = given;
    });
    request.end(frame);
    answer.frame = await readAll(request);
    return answer;
  }
}
