import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import { providerEnvironment } from '../../dev/provider-environment.js';
import { throwawayKeys } from '../../dev/throwaway-keys.js';
import type { World } from './world.js';

const projectRoot = fileURLToPath(new URL('../..', import.meta.url));

/** A worker in a process of its own, as in production, so that it can be killed. */
export class WorkerProcess {
  private child: ChildProcess | null = null;

  constructor(private readonly world: World) {}

  async start(): Promise<void> {
    const { world } = this;
    this.child = spawn(process.execPath, ['--import', 'tsx', 'worker/main.ts'], {
      cwd: projectRoot,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        ...providerEnvironment(world.sandbox),
        ...throwawayKeys,
        DATABASE_URL: world.databaseUrl,
        TEMPORAL_ADDRESS: inject('temporalAddress'),
        TASK_QUEUE: world.taskQueue,
        PUBLIC_URL: world.publicUrl,
        WORKFLOW_BUNDLE: inject('workflowBundle'),
      },
    });
    await new Promise<void>((resolve, reject) => {
      this.child!.once('exit', (code) => reject(new Error(`the worker ended with ${code} before it was ready`)));
      this.child!.stdout!.on('data', (chunk: Buffer) => {
        if (chunk.toString().includes('the worker is ready')) resolve();
      });
    });
  }

  /** SIGKILL: nothing is cleaned up. Safe when none runs. */
  async kill(): Promise<void> {
    const { child } = this;
    this.child = null;
    if (child === null || child.exitCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
}
