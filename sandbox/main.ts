import { readSandboxConfig } from './config.js';
import { type Sandbox, startSandbox } from './server.js';

/** One sentence for a person; a taken port is the usual reason. */
function startFailure(error: unknown): string {
  const { code, port } = error as { code?: string; port?: number };
  if (code === 'EADDRINUSE') {
    return `Port ${port} is taken: stop what uses it, or set SANDBOX_PORT or SANDBOX_SMTP_PORT to a free one.`;
  }
  return error instanceof Error ? error.message : String(error);
}

function stopOnSignal(sandbox: Sandbox): void {
  const stop = () => void sandbox.close().then(() => process.exit(0));
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

try {
  const sandbox = await startSandbox(readSandboxConfig());
  stopOnSignal(sandbox);
  console.log(`Provider sandbox listens on ${sandbox.url} (mail on ${sandbox.smtpUrl})`);
} catch (error) {
  console.error(startFailure(error));
  process.exit(1);
}
