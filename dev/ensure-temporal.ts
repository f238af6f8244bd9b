// Makes sure that a Temporal server can be started, before anything that needs one: its first build takes minutes.
import { readDevConfig } from './config.js';
import { sayOnStderr } from './progress.js';
import { findTemporal } from './temporal-binary.js';

try {
  const { temporalAddress, cacheDir, inherited } = readDevConfig();
  await findTemporal({ address: temporalAddress, path: inherited['PATH'] ?? '', cacheDir, say: sayOnStderr });
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(1);
}
