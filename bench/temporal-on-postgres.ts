import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client, Connection, isGrpcServiceError } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { type Child } from '../dev/child.js';
import { projectRoot } from '../dev/config.js';
import { isFree } from '../dev/free-port.js';
import { ensureDatabase } from '../dev/postgres.js';
import { isServing } from '../dev/temporal-attributes.js';
import { temporalNamespace } from '../dev/temporal-server.js';
import type { Supervisor } from '../dev/supervisor.js';
import { ensureSearchAttributes } from '../worker/search-attributes.js';
import { giveWay } from '../worker/niceness.js';
import { TEMPORAL_NICENESS } from './niceness.js';
import { temporalConfig, temporalDatabases } from './temporal-config.js';
import type { TemporalPrograms } from './temporal-programs.js';

/** How to run a Temporal server on a PostgreSQL that runs already. */
export interface TemporalOnPostgres {
  programs: TemporalPrograms;
  /** A database on the PostgreSQL whose role may make others. */
  serverUrl: string;
  shards: number;
  /** Where its configuration lies. */
  folder: string;
  env: Record<string, string>;
  supervisor: Supervisor;
  onLine: (line: string) => void;
}

/** As long as production keeps closed workflows. */
const RETENTION_MS = 72 * 3_600_000;

/** Each schema with its database, as the server's sql tool knows them. */
const schemas = [
  { database: temporalDatabases.main, schema: 'postgresql/v12/temporal' },
  { database: temporalDatabases.visibility, schema: 'postgresql/v12/visibility' },
] as const;

async function makeSchemas({ programs, serverUrl }: TemporalOnPostgres): Promise<void> {
  const { hostname, port, username, password } = new URL(serverUrl);
  const sql = (database: string, ...rest: string[]) =>
    promisify(execFile)(
      programs.sql,
      ['--plugin', 'postgres12', '--ep', hostname, '-p', port, '-u', username, '--db', database, ...rest],
      { env: { SQL_PASSWORD: password } },
    );
  await Promise.all(
    schemas.map(async ({ database, schema }) => {
      await ensureDatabase(serverUrl, database);
      await sql(database, 'setup-schema', '-v', '0.0');
      await sql(database, 'update-schema', '--schema-name', schema);
    }),
  );
}

/**
 * Ports for the services. The server keeps them in a smallint column, so they lie below 32768, where no outgoing
 * connection takes one either.
 */
async function servicePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

async function writeConfiguration(options: TemporalOnPostgres, ports: number[]): Promise<string> {
  const { hostname, port, username, password } = new URL(options.serverUrl);
  const file = join(options.folder, 'temporal.yaml');
  const settings = {
    postgres: { host: hostname, port: Number(port), user: username, password },
    shards: options.shards,
    ports,
    // What production's server reads too.
    dynamicConfigFile: join(projectRoot, 'deploy', 'temporal-dynamic-config.yaml'),
  };
  await writeFile(file, temporalConfig(settings));
  return file;
}

/** Makes the namespace and the search attributes, and waits until every service of the server knows them. */
async function prepareNamespace(address: string): Promise<void> {
  const connection = await Connection.connect({ address });
  try {
    await connection.workflowService.registerNamespace({
      namespace: temporalNamespace,
      workflowExecutionRetentionPeriod: msToTs(RETENTION_MS),
    });
    const client = new Client({ connection, namespace: temporalNamespace });
    for (const until = Date.now() + 30_000; ; await sleep(100)) {
      try {
        await ensureSearchAttributes(client);
        await client.workflow.count();
        if (await isServing(connection, temporalNamespace)) return;
      } catch (error) {
        if (!isGrpcServiceError(error) || Date.now() > until) throw error;
      }
    }
  } finally {
    await connection.close();
  }
}

async function answers(address: string): Promise<boolean> {
  const connection = Connection.lazy({ address });
  try {
    const { status } = await connection.withDeadline(Date.now() + 1_000, () =>
      connection.healthService.check({ service: 'temporal.api.workflowservice.v1.WorkflowService' }),
    );
    return status === 1; // SERVING in grpc.health.v1
  } finally {
    await connection.close();
  }
}

/** Starts a Temporal server on PostgreSQL with the product's namespace and search attributes. */
export async function startTemporalOnPostgres(options: TemporalOnPostgres): Promise<{ address: string; child: Child }> {
  await makeSchemas(options);
  const ports = await servicePorts(8);
  const config = await writeConfiguration(options, ports);
  const address = `127.0.0.1:${ports[0]}`;
  const child = await options.supervisor.start(
    {
      name: 'temporal-server',
      // On one machine what people wait for goes first: docs/operations.md, "Scaling". All threads, from the first on.
      command: 'nice',
      args: [
        '-n',
        String(TEMPORAL_NICENESS),
        options.programs.server,
        '--config-file',
        config,
        '--allow-no-auth',
        'start',
      ],
      env: options.env,
      onLine: options.onLine,
    },
    () => answers(address),
  );
  giveWay(TEMPORAL_NICENESS, child.pid);
  await prepareNamespace(address);
  return { address, child };
}
