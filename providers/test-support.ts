import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ProviderConfig } from './config.js';

/** For tests only: a configuration whose vendors all live under one local address. */
export function configFor(baseUrl: string, smtpUrl = 'smtp://127.0.0.1:9'): ProviderConfig {
  return {
    stripe: {
      secretKey: 'sk_test_1',
      publishableKey: 'pk_test_1',
      webhookSecret: 'whsec_1',
      apiUrl: baseUrl,
    },
    razorpay: { keyId: 'rzp_test_1', keySecret: 'secret', webhookSecret: 'hook', apiUrl: `${baseUrl}/razorpay` },
    twilio: {
      accountSid: `AC${'1'.repeat(32)}`,
      authToken: 'a'.repeat(32),
      apiKeySid: `SK${'2'.repeat(32)}`,
      apiKeySecret: 's'.repeat(32),
      conversationsServiceSid: `IS${'3'.repeat(32)}`,
      fromNumber: '+15005550006',
      apiUrl: `${baseUrl}/twilio`,
    },
    mail: { smtpUrl, from: 'Punctual <no-reply@example.com>' },
    webhooks: { allowLocal: true },
  };
}

export interface LocalServer {
  url: string;
  close(): Promise<void>;
}

/** For tests only: an HTTP server on a free port of 127.0.0.1. */
export async function startLocalServer(
  handler: (request: IncomingMessage, response: ServerResponse, body: string) => void | Promise<void>,
): Promise<LocalServer> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => void handler(request, response, Buffer.concat(chunks).toString('utf8')));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
