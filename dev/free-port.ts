import { createServer } from 'node:net';
import { type Ports, portVariables } from './config.js';

function listens(port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host, exclusive: true }, () => {
      const { port: got } = server.address() as { port: number };
      server.close(() => resolve(got));
    });
  });
}

/** A port that nothing listens on now. */
export function freePort(): Promise<number> {
  return listens(0, '127.0.0.1');
}

/** Whether nothing listens on `port`, neither on loopback nor on all addresses. */
export async function isFree(port: number): Promise<boolean> {
  try {
    await listens(port, '127.0.0.1');
    await listens(port, '0.0.0.0');
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') return false;
    throw new Error(`Port ${port} can't be used: ${(error as Error).message}`);
  }
}

/**
 * The ports to use: each 0 becomes a free one, and each other must be free.
 * Throws one line for each taken port, naming it and the variable that changes it.
 * @param needed which of them this run needs; the others are passed on as they are
 */
export async function choosePorts(ports: Ports, needed: (keyof Ports)[]): Promise<Ports> {
  const chosen = { ...ports };
  const problems: string[] = [];
  for (const key of needed) {
    const port = ports[key];
    if (port === 0) chosen[key] = await freePort();
    else if (!(await isFree(port))) {
      const { variable, what } = portVariables[key];
      problems.push(
        `Port ${port} is taken, and ${what} needs it: free it, or set ${variable} to another port (0 takes any).`,
      );
    }
  }
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return chosen;
}
