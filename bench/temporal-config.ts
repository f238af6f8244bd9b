/** What the server's configuration needs to be told. */
export interface TemporalSettings {
  postgres: { host: string; port: number; user: string; password: string };
  /** How many history shards the server keeps. */
  shards: number;
  /** Eight ports that nothing listens on. */
  ports: number[];
  dynamicConfigFile: string;
}

/** The two databases of a Temporal server. */
export const temporalDatabases = { main: 'temporal', visibility: 'temporal_visibility' } as const;

function sqlStore({ postgres }: TemporalSettings, databaseName: string, connections: number) {
  const { host, port, user, password } = postgres;
  return {
    sql: {
      pluginName: 'postgres12',
      databaseName,
      connectAddr: `${host}:${port}`,
      connectProtocol: 'tcp',
      user,
      password,
      maxConns: connections,
      maxIdleConns: connections,
      maxConnLifetime: '1h',
    },
  };
}

/** The four services of a Temporal server in one process on loopback, kept in PostgreSQL. JSON is YAML to the server. */
export function temporalConfig(settings: TemporalSettings): string {
  const bindOnIP = '127.0.0.1';
  const service = (index: number) => ({
    rpc: { grpcPort: settings.ports[index], membershipPort: settings.ports[index + 4], bindOnIP },
  });
  const frontendAddress = `127.0.0.1:${settings.ports[0]}`;
  const config = {
    log: { stdout: true, level: 'warn' },
    persistence: {
      defaultStore: 'main',
      visibilityStore: 'visibility',
      numHistoryShards: settings.shards,
      datastores: {
        main: sqlStore(settings, temporalDatabases.main, 30),
        visibility: sqlStore(settings, temporalDatabases.visibility, 10),
      },
    },
    global: { membership: { maxJoinDuration: '30s', broadcastAddress: '127.0.0.1' } },
    services: { frontend: service(0), history: service(1), matching: service(2), worker: service(3) },
    clusterMetadata: {
      enableGlobalNamespace: false,
      failoverVersionIncrement: 10,
      masterClusterName: 'active',
      currentClusterName: 'active',
      clusterInformation: {
        active: { enabled: true, initialFailoverVersion: 1, rpcName: 'frontend', rpcAddress: frontendAddress },
      },
    },
    dcRedirectionPolicy: { policy: 'noop' },
    archival: { history: { state: 'disabled' }, visibility: { state: 'disabled' } },
    publicClient: { hostPort: frontendAddress },
    dynamicConfigClient: { filepath: settings.dynamicConfigFile, pollInterval: '10s' },
  };
  return JSON.stringify(config, null, 2);
}
