import { fileURLToPath } from 'node:url';
import { type Child, startChild, whenReady } from '../../dev/child.js';
import { providerEnvironment } from '../../dev/provider-environment.js';
import { throwawayKeys } from '../../dev/throwaway-keys.js';
import type { Sandbox } from '../../sandbox/server.js';

const projectRoot = fileURLToPath(new URL('../..', import.meta.url));

/** What a worker of its own process is pointed at. */
export interface WorkerSite {
  sandbox: Sandbox;
  databaseUrl: string;
  temporalAddress: string;
  taskQueue: string;
  publicUrl: string;
  workflowBundle: string;
}

export interface WorkerChild extends Child {
  /** SIGKILL, nothing is cleaned up; resolves when it is gone. */
  kill(): Promise<void>;
}

/** Starts `worker/main.ts`, loaded after the modules of `preload`, and waits until it is ready. It ends with us. */
export async function startWorkerChild(
  site: WorkerSite,
  {
    preload = [],
    env = {},
    onLine = () => undefined,
  }: { preload?: string[]; env?: Record<string, string>; onLine?: (line: string) => void } = {},
): Promise<WorkerChild> {
  const imports = ['tsx', ...preload].flatMap((module) => ['--import', module]);
  let ready = false;
  const child = await startChild({
    name: 'worker',
    command: process.execPath,
    args: [...imports, 'worker/main.ts'],
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
      WORKFLOW_BUNDLE: site.workflowBundle,
      MAIL_DOMAIN: 'punctual.test',
      ...env,
    },
    onLine: (line) => {
      onLine(line);
      if (line.includes('the worker is ready')) ready = true;
    },
  });
  await whenReady(child, () => Promise.resolve(ready));
  return Object.assign(child, {
    async kill() {
      process.kill(child.pid, 'SIGKILL');
      await child.exited;
    },
  });
}
