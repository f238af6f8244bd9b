import { inject } from 'vitest';
import { startWorkerChild, type WorkerChild, type WorkerSite } from '../support/worker-child.js';
import { createWorld, type World } from '../support/world.js';
import { DatabaseGate } from './database-gate.js';
import { MailGate } from './mail-gate.js';
import { TemporalGate } from './temporal-gate.js';
import { VendorGate } from './vendor-gate.js';

/** The wires of a worker: what it says and hears passes here. The test's own calls do not. */
export interface Gates {
  database: DatabaseGate;
  temporal: TemporalGate;
  vendors: VendorGate;
  mail: MailGate;
}

/** A world whose worker is a process of its own behind gates. */
export interface GatedWorld extends World {
  gates: Gates;
  startProcess(): Promise<void>;
  /** SIGKILL (once it is ready), and every post is cleared: its successor passes freely. */
  killProcess(): Promise<void>;
}

/** Brings it up; the worker is the test's to start. */
export async function createGatedWorld(): Promise<GatedWorld> {
  const world = await createWorld();
  const gates: Gates = {
    database: await DatabaseGate.open(world.databaseUrl),
    temporal: await TemporalGate.open(inject('temporalAddress')),
    vendors: await VendorGate.open(world.sandbox.url),
    mail: await MailGate.open(world.sandbox.smtpUrl),
  };
  const site: WorkerSite = {
    sandbox: { ...world.sandbox, url: gates.vendors.url, smtpUrl: gates.mail.url },
    databaseUrl: gates.database.url,
    temporalAddress: gates.temporal.address,
    taskQueue: world.taskQueue,
    publicUrl: world.publicUrl,
    workflowBundle: inject('workflowBundle'),
  };
  let worker: Promise<WorkerChild> | null = null;
  const kill = async () => {
    await (await worker)?.kill();
    worker = null;
  };
  const closeWorld = world.close.bind(world);
  return Object.assign(world, {
    gates,
    async startProcess() {
      worker = startWorkerChild(site, { env: { DATABASE_CONNECTIONS: '20' } });
      await worker;
    },
    async killProcess() {
      await kill();
      for (const { posts } of Object.values(gates)) posts.clear();
    },
    async close() {
      await kill();
      await Promise.all(Object.values(gates).map((gate) => gate.close()));
      await closeWorld();
    },
  });
}
