import { fileURLToPath } from 'node:url';
import { type Child, startChild, whenReady } from '../../dev/child.js';
import { providerEnvironment } from '../../dev/provider-environment.js';
import { throwawayKeys } from '../../dev/throwaway-keys.js';
import { oidcCredentials } from '../../sandbox/credentials.js';
import type { WorkerSite } from './worker-child.js';

const projectRoot = fileURLToPath(new URL('../..', import.meta.url));

/** Starts `api/main.ts` in a process of its own on a free port, and waits until it answers. It ends with us. */
export async function startApiChild(
  site: Omit<WorkerSite, 'workflowBundle'>,
  env: Record<string, string> = {},
  onLine: (line: string) => void = () => undefined,
): Promise<Child & { url: string }> {
  let port: string | undefined;
  const child = await startChild({
    name: 'api',
    command: process.execPath,
    args: ['--import', 'tsx', 'api/main.ts'],
    cwd: projectRoot,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: process.env['HOME'] ?? '',
      ...providerEnvironment(site.sandbox),
      ...throwawayKeys,
      DATABASE_URL: site.databaseUrl,
      TEMPORAL_ADDRESS: site.temporalAddress,
      TASK_QUEUE: site.taskQueue,
      PUBLIC_URL: site.publicUrl,
      OIDC_ISSUER: `${site.sandbox.url}/oidc`,
      OIDC_AUDIENCE: oidcCredentials.audience,
      PORT: '0',
      ...env,
    },
    onLine: (line) => {
      onLine(line);
      port ??= /"port":(\d+).*the API answers/.exec(line)?.[1];
    },
  });
  await whenReady(child, () => Promise.resolve(port !== undefined));
  return { ...child, url: `http://127.0.0.1:${port}` };
}
