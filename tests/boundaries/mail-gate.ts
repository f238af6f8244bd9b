import { connect, createServer, type Server, type Socket } from 'node:net';
import { Posts, stand, type Posted } from './post.js';

const END_OF_MAIL = '\r\n.\r\n';

/** A proxy before the mail server that stops a mail at the posts: its last line, or the server's word that it has it. */
export class MailGate {
  /** What is matched is the whole mail as it was sent. */
  readonly posts = new Posts<string>();
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    /** The mail server's address through this gate. */
    readonly url: string,
  ) {}

  static async open(smtpUrl: string): Promise<MailGate> {
    const { hostname, port } = new URL(smtpUrl);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const gate = new MailGate(server, `smtp://127.0.0.1:${(server.address() as { port: number }).port}`);
    server.on('connection', (client) => gate.pass(client, connect(Number(port), hostname)));
    return gate;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private pass(client: Socket, upstream: Socket): void {
    let said = '';
    let stopped: Posted<string> | null = null;
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.sockets.add(one);
      one.on('error', () => undefined);
      one.on('close', () => {
        this.sockets.delete(one);
        other.destroy();
      });
    }
    client.on('data', (chunk) => {
      said += chunk.toString('latin1');
      if (said.includes(END_OF_MAIL)) {
        stopped ??= this.posts.stopping('before', said) ?? this.posts.stopping('after', said);
        said = '';
      }
      if (stopped?.side === 'before') stand(stopped);
      else upstream.write(chunk);
    });
    upstream.on('data', (chunk) => {
      if (stopped === null) client.write(chunk);
      else stand(stopped);
    });
  }
}
