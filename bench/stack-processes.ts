import { join } from 'node:path';
import type { DevConfig } from '../dev/config.js';
import { sandboxEnvironment, type StackAddresses } from '../dev/environment.js';
import { freePort } from '../dev/free-port.js';
import type { ChildLog } from '../dev/log-file.js';
import type { Say } from '../dev/progress.js';
import type { Supervisor } from '../dev/supervisor.js';
import { temporalNamespace } from '../dev/temporal-server.js';
import { isPolling } from '../dev/worker-probe.js';
import { type BenchProcess, benchProcess, nodeSpec } from './process.js';
import type { ProductBuild } from './product-build.js';
import { giveWay } from '../worker/niceness.js';
import { VENDORS_NICENESS } from './niceness.js';

/** A worker to start beside the others. */
export interface WorkerOptions {
  taskQueue?: string;
  env?: Record<string, string>;
  /** A program of the checkout, such as `bench/bare/worker-process.ts`; default the product's worker. */
  program?: string;
  nodeArgs?: string[];
}

/** A node process to start that is neither worker nor API. */
export interface NodeOptions {
  name: string;
  /** A program of the checkout, such as `bench/herd/cron-process.ts`. */
  program: string;
  args?: string[];
  env?: Record<string, string>;
  nodeArgs?: string[];
  /** True when it can be used; asked again and again. */
  isReady: () => Promise<boolean>;
}

/** What bringing up works with, gathered once. */
export interface Site {
  config: DevConfig;
  folder: string;
  supervisor: Supervisor;
  logs: ChildLog;
  say: Say;
  shards: number;
  postgres: Record<string, string>;
  build: ProductBuild;
}

async function answersOk(url: string): Promise<boolean> {
  return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;
}

/** Starts the node processes of a stack from the compiled product. */
export class Processes {
  private apis = 0;
  private count = 0;

  constructor(
    private readonly site: Site,
    private readonly addresses: StackAddresses,
    readonly env: Record<string, string>,
  ) {}

  private spec(
    name: string,
    program: string,
    env: Record<string, string>,
    nodeArgs: string[] = [],
    args: string[] = [],
  ) {
    const { build, folder, logs } = this.site;
    const path = join(build.folder, program.replace(/\.ts$/, '.js'));
    // Profiles are written where the process stands.
    return nodeSpec({ name, program: [path, ...args], nodeArgs, env, cwd: folder, onLine: logs.sink(name) });
  }

  async startSandbox(): Promise<BenchProcess> {
    const { site, addresses } = this;
    const { SANDBOX_DATA_DIR: _, ...env } = sandboxEnvironment(site.config, addresses, '');
    const spec = this.spec('sandbox', 'sandbox/main.ts', env);
    const ready = `${addresses.oidcIssuer}/.well-known/openid-configuration`;
    const child = await site.supervisor.start(spec, () => answersOk(ready));
    giveWay(VENDORS_NICENESS, child.pid);
    return benchProcess(child, site.supervisor);
  }

  async startWorker(options: WorkerOptions = {}): Promise<BenchProcess> {
    const { supervisor } = this.site;
    const { program = 'worker/main.ts', nodeArgs, taskQueue = this.env['TASK_QUEUE']! } = options;
    const env = { ...this.env, TASK_QUEUE: taskQueue, ...options.env };
    const spec = this.spec(`worker-${(this.count += 1)}`, program, env, nodeArgs);
    const { temporalAddress } = this.addresses;
    const child = await supervisor.start(spec, ({ pid }) =>
      isPolling(temporalAddress, temporalNamespace, pid, env['TASK_QUEUE']),
    );
    return benchProcess(child, supervisor);
  }

  async startApi(options: { env?: Record<string, string>; nodeArgs?: string[] } = {}) {
    const { supervisor } = this.site;
    const port = this.apis === 0 ? Number(this.env['PORT']) : await freePort();
    const spec = this.spec(
      `api-${(this.apis += 1)}`,
      'api/main.ts',
      {
        ...this.env,
        PORT: String(port),
        ...options.env,
      },
      options.nodeArgs,
    );
    const url = `http://127.0.0.1:${port}`;
    const child = await supervisor.start(spec, () => answersOk(`${url}/healthz`));
    return { ...benchProcess(child, supervisor), url };
  }

  async startNode({ name, program, args, env, nodeArgs, isReady }: NodeOptions): Promise<BenchProcess> {
    const { supervisor } = this.site;
    const spec = this.spec(name, program, { ...this.env, ...env }, nodeArgs, args);
    return benchProcess(await supervisor.start(spec, isReady), supervisor);
  }
}
