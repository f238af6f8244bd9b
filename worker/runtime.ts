import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { Logger } from 'pino';

const LEVELS = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/** The providers' worker has no workflows on purpose. */
const EXPECTED = 'No workflows registered, not polling for workflow tasks';

/**
 * Installs Temporal's runtime once a process: its logs go with ours, and signals are left to main.ts, which stops the
 * relays too.
 */
export function installRuntime(log: Logger): void {
  const logger = new DefaultLogger('INFO', ({ level, message, meta }) => {
    if (message === EXPECTED) return;
    log[LEVELS[level]]({ ...meta, taskToken: undefined }, message);
  });
  Runtime.install({ logger, shutdownSignals: [] });
}
