import { oidcCredentials } from '../sandbox/credentials.js';
import type { DevConfig, Ports } from './config.js';
import type { FieldKeyEnvironment } from './field-keys.js';
import { providerEnvironment } from './provider-environment.js';
import { temporalNamespace } from './temporal-server.js';
import { taskQueue } from './worker-probe.js';

/** Where everything of a running stack is found. */
export interface StackAddresses {
  api: string;
  docs: string;
  sandbox: string;
  /** The OpenID provider that signs the tokens of the seeded people. */
  oidcIssuer: string;
  smtp: string;
  databaseUrl: string;
  temporalAddress: string;
  /** The Temporal server's web UI; absent when the server isn't ours. */
  temporalUi?: string;
}

/** The addresses that follow from the ports; `databaseUrl` and `temporalAddress` are as found. */
export function addressesOf(
  ports: Ports,
  found: Pick<StackAddresses, 'databaseUrl' | 'temporalAddress' | 'temporalUi'>,
): StackAddresses {
  const api = `http://127.0.0.1:${ports.api}`;
  const sandbox = `http://127.0.0.1:${ports.sandbox}`;
  return {
    api,
    docs: `${api}/docs`,
    sandbox,
    oidcIssuer: `${sandbox}/oidc`,
    smtp: `smtp://127.0.0.1:${ports.smtp}`,
    ...found,
  };
}

/** Everything that worker, API, migrations and command line read, pointed at the stack's own servers. */
export function productEnvironment(
  config: DevConfig,
  addresses: StackAddresses,
  keys: FieldKeyEnvironment,
): Record<string, string> {
  const { sandbox } = addresses;
  return {
    ...config.inherited,
    NODE_ENV: 'development',
    ...config.passedThrough,
    DATABASE_URL: addresses.databaseUrl,
    TEMPORAL_ADDRESS: addresses.temporalAddress,
    TEMPORAL_NAMESPACE: temporalNamespace,
    TASK_QUEUE: taskQueue,
    PORT: new URL(addresses.api).port,
    PUBLIC_URL: addresses.api,
    OIDC_ISSUER: addresses.oidcIssuer,
    OIDC_AUDIENCE: oidcCredentials.audience,
    OIDC_CLIENT_ID: oidcCredentials.webClientId,
    // Whatever name is typed at the sandbox's page becomes a client.
    SIGN_UP: 'open',
    ...providerEnvironment({ url: sandbox, smtpUrl: addresses.smtp }),
    MAIL_DOMAIN: 'punctual.test',
    ...keys,
  };
}

/** What the sandbox reads: its ports, where it keeps what it was told, and where the vendors' webhooks go. */
export function sandboxEnvironment(
  config: DevConfig,
  addresses: StackAddresses,
  sandboxDataDir: string,
): Record<string, string> {
  return {
    ...config.inherited,
    NODE_ENV: 'development',
    SANDBOX_PORT: new URL(addresses.sandbox).port,
    SANDBOX_SMTP_PORT: new URL(addresses.smtp).port,
    SANDBOX_DATA_DIR: sandboxDataDir,
    SANDBOX_STRIPE_WEBHOOK_URL: `${addresses.api}/webhooks/stripe`,
    SANDBOX_RAZORPAY_WEBHOOK_URL: `${addresses.api}/webhooks/razorpay`,
  };
}
