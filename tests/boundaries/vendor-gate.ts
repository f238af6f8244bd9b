import { createServer, request as ask, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Posts, stand } from './post.js';

/** One request to a vendor. */
export interface VendorItem {
  method: string;
  /** With its query. */
  path: string;
  body: string;
}

async function readAll(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A proxy before the vendors' APIs that stops the worker's requests at the posts: before the effect, or after it. */
export class VendorGate {
  readonly posts = new Posts<VendorItem>();

  private constructor(
    private readonly server: Server,
    private readonly target: URL,
    /** The vendors' address through this gate. */
    readonly url: string,
  ) {
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.pass(request, response).catch(() => response.destroy());
    });
  }

  static async open(sandboxUrl: string): Promise<VendorGate> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new VendorGate(
      server,
      new URL(sandboxUrl),
      `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    );
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readAll(request);
    const item = { method: request.method ?? '', path: request.url ?? '', body: body.toString() };
    const before = this.posts.stopping('before', item);
    if (before !== null) return stand(before);
    const after = this.posts.stopping('after', item);
    const answer = await this.forward(request, body);
    const answered = await readAll(answer);
    if (after !== null) return stand(after);
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    response.end(answered);
  }

  private forward(request: IncomingMessage, body: Buffer): Promise<IncomingMessage> {
    const { hostname, port } = this.target;
    const { method, url: path, headers } = request;
    return new Promise((resolve, reject) => {
      const upstream = ask({ hostname, port, method, path, headers, agent: false }, resolve);
      upstream.on('error', reject);
      upstream.end(body);
    });
  }
}
