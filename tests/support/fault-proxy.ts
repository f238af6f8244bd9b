import { connect, createServer, type Server, type Socket } from 'node:net';

/** Two sockets that belong together, the caller's and ours to the target. */
interface Pair {
  inner: Socket;
  outer: Socket | null;
}

/** A way to a server that can be cut or fall silent. */
export interface FaultProxy {
  /** 127.0.0.1 */
  port: number;
  /** Connections are torn down and new ones refused. */
  cut(): Promise<void>;
  /** Nothing comes through any more in either direction, and no end either; new connections are accepted and held. */
  hang(): void;
  /** The way is free again. Connections that hung never say another word, as behind a firewall that forgot them. */
  heal(): Promise<void>;
  close(): Promise<void>;
}

/** Listens on a free port of 127.0.0.1 and passes everything on to `target`. */
export async function startFaultProxy(target: { host: string; port: number }): Promise<FaultProxy> {
  const pairs = new Set<Pair>();
  let hanging = false;
  let server: Server | null = null;

  const forward = (inner: Socket): void => {
    const pair: Pair = { inner, outer: null };
    pairs.add(pair);
    inner.on('error', () => undefined);
    if (hanging) {
      inner.pause();
      return;
    }
    const outer = connect(target);
    pair.outer = outer;
    outer.on('error', () => undefined);
    inner.pipe(outer).pipe(inner);
    const closed = () => {
      if (hanging || !pairs.has(pair)) return;
      destroy(pair);
      pairs.delete(pair);
    };
    inner.once('close', closed);
    outer.once('close', closed);
  };
  const listen = async (port: number): Promise<number> => {
    const listening = createServer(forward);
    server = listening;
    await new Promise<void>((resolve, reject) => {
      listening.once('error', reject);
      listening.listen(port, '127.0.0.1', resolve);
    });
    return (listening.address() as { port: number }).port;
  };
  const destroyAll = (): void => {
    for (const pair of pairs) destroy(pair);
    pairs.clear();
  };
  const refuse = async (): Promise<void> => {
    const listening = server;
    server = null;
    if (listening !== null) await new Promise<unknown>((resolve) => (listening.close(resolve), destroyAll()));
  };
  const port = await listen(0);
  const forgotten = new Set<Pair>();
  return {
    port,
    cut: refuse,
    hang() {
      hanging = true;
      for (const { inner, outer } of pairs) {
        if (outer !== null) inner.unpipe(outer).pause();
        outer?.unpipe(inner).pause();
      }
    },
    async heal() {
      hanging = false;
      for (const pair of pairs) forgotten.add(pair);
      pairs.clear();
      if (server === null) await listen(port);
    },
    async close() {
      for (const pair of forgotten) destroy(pair);
      await refuse();
    },
  };
}

function destroy({ inner, outer }: Pair): void {
  inner.destroy();
  outer?.destroy();
}
