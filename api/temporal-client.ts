import {
  Client,
  Connection,
  type ConnectionOptions,
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
} from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';

import type { NamedKeys } from '../secrets/named-keys.js';
import { codecOptions } from '../secrets/payload-codec.js';

/** Few tries: callers get a 503 that says when to come back, instead of a long wait. */
const MOST_TRIES = 4;

/**
 * A client by Temporal's own variables and files (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TLS, API key). It connects at
 * its first call, so the API starts while Temporal is away.
 */
export function createTemporalClient(env?: Record<string, string>, codecKeys: NamedKeys | null = null): Client {
  const { connectionOptions, namespace } = loadClientConnectConfig(env === undefined ? {} : { overrideEnvVars: env });
  const connection = Connection.lazy({
    ...(connectionOptions as ConnectionOptions),
    interceptors: [makeGrpcRetryInterceptor(defaultGrpcRetryOptions({ maxAttempts: MOST_TRIES }))],
  });
  return new Client({
    connection,
    ...codecOptions(codecKeys),
    ...(namespace === undefined ? {} : { namespace }),
  });
}
