import { connect, createServer, type Server, type Socket } from 'node:net';
import { Posts, stand, type Posted } from './post.js';
import { FrontendStream, isReady, readBind, readParse, readQuery, type FrontendMessage } from './postgres-messages.js';

/** What passes to PostgreSQL: a statement with its parameters, or the commit of a transaction. */
export interface DatabaseItem {
  kind: 'statement' | 'commit';
  /** The statement's text. */
  text: string;
  /** The statement's parameters; of a commit, those of all its statements. */
  params: readonly string[];
  inTransaction: boolean;
}

/** One connection of the worker, and the server's side of it. */
class Passage {
  private readonly stream = new FrontendStream();
  private readonly statements = new Map<string, string>();
  private transaction: string[] | null = null;
  private stopped: Posted<DatabaseItem> | null = null;

  constructor(
    private readonly client: Socket,
    private readonly server: Socket,
    private readonly posts: Posts<DatabaseItem>,
  ) {
    client.on('data', (chunk) => this.fromClient(chunk));
    server.on('data', (chunk) => this.fromServer(chunk));
  }

  private fromClient(chunk: Buffer): void {
    for (const message of this.stream.push(chunk)) {
      if (this.stopped?.side === 'before') return;
      const item = this.itemOf(message);
      if (item !== null) {
        this.stopped ??= this.posts.stopping('before', item) ?? this.posts.stopping('after', item);
        if (this.stopped?.side === 'before') return stand(this.stopped);
      }
      this.server.write(message.bytes);
    }
  }

  private fromServer(chunk: Buffer): void {
    if (this.stopped === null) this.client.write(chunk);
    else if (isReady(chunk)) stand(this.stopped);
  }

  private itemOf(message: FrontendMessage): DatabaseItem | null {
    switch (message.type) {
      case 'P': {
        const { name, text } = readParse(message);
        this.statements.set(name, text);
        return null;
      }
      case 'B': {
        const { name, params } = readBind(message);
        this.transaction?.push(...params);
        return this.statement(this.statements.get(name) ?? '', params);
      }
      case 'Q':
        return this.simple(readQuery(message));
      default:
        return null;
    }
  }

  private simple(text: string): DatabaseItem {
    if (/^begin|^start transaction/i.test(text)) this.transaction = [];
    if (!/^(commit|rollback)/i.test(text)) return this.statement(text, []);
    const params = this.transaction ?? [];
    this.transaction = null;
    return /^commit/i.test(text) ? { kind: 'commit', text, params, inTransaction: true } : this.statement(text, []);
  }

  private statement(text: string, params: readonly string[]): DatabaseItem {
    return { kind: 'statement', text, params, inTransaction: this.transaction !== null };
  }
}

/** A proxy before PostgreSQL that reads what the worker says and stops it at the posts. */
export class DatabaseGate {
  readonly posts = new Posts<DatabaseItem>();
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    /** The database's address through this gate. */
    readonly url: string,
  ) {}

  static async open(databaseUrl: string): Promise<DatabaseGate> {
    const { hostname, port } = new URL(databaseUrl);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = new URL(databaseUrl);
    url.hostname = '127.0.0.1';
    url.port = String((server.address() as { port: number }).port);
    const gate = new DatabaseGate(server, url.href);
    server.on('connection', (client) => {
      const upstream = connect(Number(port || 5432), hostname);
      gate.pair(client, upstream);
      new Passage(client, upstream, gate.posts);
    });
    return gate;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Neither outlives the other: a worker that was killed leaves no transaction behind. */
  private pair(client: Socket, upstream: Socket): void {
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.sockets.add(one);
      one.setNoDelay(true);
      one.on('error', () => undefined);
      one.on('close', () => {
        this.sockets.delete(one);
        other.destroy();
      });
    }
  }
}
