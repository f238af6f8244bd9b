import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { BRAND_RULE, isBrandName, type Site } from '../texts/messages.js';

/** What the worker reads from the environment beside database, providers and Temporal connection. */
export interface WorkerConfig {
  taskQueue: string;
  /** Where the API is reached from outside: meeting links and callbacks start with it. */
  publicUrl: string;
  /** The prebuilt workflow bundle; null builds one at the start (development). */
  workflowBundle: string | null;
  /** Workflows' failures say where in the code (see `BundleOptions`). */
  stackTraces: boolean;
  /** Who speaks in what people get, and the web app they are sent to, without a slash at its end. */
  site: Site;
  /** Domain of our Message-IDs. */
  mailDomain: string;
  logLevel: string;
  /** How far the worker gives way to others on its machine, 0 (not at all) to 19. */
  niceness: number;
  /** Of PostgreSQL, held by this process at most. */
  databaseConnections: number;
}

/**
 * Three for each core: a commit is brief and busy, so that more of them side by side end no sooner, and take the turns of
 * who waits for an answer where all share a machine.
 */
const CONNECTIONS = Math.min(20, 3 * Math.max(2, availableParallelism()));

const webAddress = z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, ''));

const environment = z.object({
  TASK_QUEUE: z.string().min(1).default('appointments'),
  PUBLIC_URL: webAddress,
  BRAND_NAME: z.string().refine(isBrandName, BRAND_RULE).default('Punctual'),
  WEB_URL: webAddress.optional(),
  WORKFLOW_BUNDLE: z.string().min(1).optional(),
  WORKFLOW_STACK_TRACES: z.stringbool().default(false),
  MAIL_DOMAIN: z.string().min(1).default('punctual.invalid'),
  LOG_LEVEL: z.string().default('info'),
  DATABASE_CONNECTIONS: z.coerce.number().int().min(4).default(CONNECTIONS),
  WORKER_NICENESS: z.coerce.number().int().min(0).max(19).default(0),
});

/** A blank variable counts as absent. @throws Error that names each variable that is missing or wrong. */
export function readWorkerConfig(env: NodeJS.ProcessEnv = process.env): WorkerConfig {
  const parsed = environment.safeParse(Object.fromEntries(Object.entries(env).filter(([, value]) => value !== '')));
  if (!parsed.success) throw new Error(`The worker's environment is incomplete:\n${z.prettifyError(parsed.error)}`);
  const { TASK_QUEUE, PUBLIC_URL, WORKFLOW_BUNDLE, MAIL_DOMAIN, LOG_LEVEL, BRAND_NAME, WEB_URL } = parsed.data;
  return {
    taskQueue: TASK_QUEUE,
    publicUrl: PUBLIC_URL,
    site: { brand: BRAND_NAME, webUrl: WEB_URL ?? PUBLIC_URL },
    workflowBundle: WORKFLOW_BUNDLE ?? null,
    stackTraces: parsed.data.WORKFLOW_STACK_TRACES,
    mailDomain: MAIL_DOMAIN,
    logLevel: LOG_LEVEL,
    niceness: parsed.data.WORKER_NICENESS,
    databaseConnections: parsed.data.DATABASE_CONNECTIONS,
  };
}
