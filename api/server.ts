import { createServer, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { createAdaptorServer } from '@hono/node-server';
import { Problem, type ProblemCode } from './errors.js';
import { problemBody } from './problem.js';

/** How long a request may take to arrive, and how large it may be before anything looks at it. */
export interface ServerBounds {
  /** Of the request line and the headers. */
  headersMs: number;
  /** Of all of it. Answers, such as streams of events, may take as long as they like. */
  requestMs: number;
  /** A connection without a request: longer than proxies keep theirs, or they would send into one that just closed. */
  idleMs: number;
  /** How often the first two are looked at. */
  checkMs: number;
  headerBytes: number;
}

export const SERVER_BOUNDS: ServerBounds = {
  headersMs: 15_000,
  requestMs: 60_000,
  idleMs: 65_000,
  checkMs: 5_000,
  headerBytes: 16 * 1024,
};

const CODES: Record<string, ProblemCode> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
  HPE_HEADER_OVERFLOW: 'headers_too_large',
};

/** What Node gives up before it is a request of Hono's gets a problem too, where anybody still listens. */
function refuse(error: Error & { code?: string }, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
  const body = problemBody(new Problem(CODES[error.code ?? ''] ?? 'request_unreadable'), '/');
  const text = JSON.stringify(body);
  const headers = [
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(text)}`,
    'connection: close',
  ];
  socket.end(`HTTP/1.1 ${body.status} ${body.title}\r\n${headers.join('\r\n')}\r\n\r\n${text}`);
}

type Fetch = Parameters<typeof createAdaptorServer>[0]['fetch'];

/** The server before the app: nobody holds a connection by sending slowly. */
export function createHttpServer(fetch: Fetch, bounds: ServerBounds = SERVER_BOUNDS): Server {
  const serverOptions = {
    headersTimeout: bounds.headersMs,
    requestTimeout: bounds.requestMs,
    keepAliveTimeout: bounds.idleMs,
    connectionsCheckingInterval: bounds.checkMs,
    maxHeaderSize: bounds.headerBytes,
  };
  const server = createAdaptorServer({ fetch, createServer, serverOptions }) as Server;
  return server.on('clientError', refuse);
}
