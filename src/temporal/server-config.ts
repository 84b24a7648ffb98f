import { clientConfigToToml } from '@temporalio/envconfig';
import { serverName } from './certificates.js';
import type { EmbeddedFiles } from './embedded-files.js';

/** The namespace of the embedded server. */
export const embeddedNamespace = 'default';

/** For how long it keeps what has ended. */
export const retentionSeconds = 24 * 3600;

/** Of the server's four services; the others only talk to each other. */
const services = ['frontend', 'history', 'matching', 'worker'] as const;

/** How many ports a server listens on besides its address. */
export const innerPorts = 2 * services.length - 1;

/** A file of the server's, and what is to stand in it. */
export type FileContent = readonly [file: string, content: string];

const dynamicConfig = {
  // As shipped every task hop waits 50 ms and every timer 1 s.
  'history.transferProcessorMaxPollRPS': 1000,
  'history.timerProcessorMaxPollRPS': 1000,
  'history.timerProcessorMaxTimeShift': '10ms',
  // As Temporal's own development server: a search attribute counts at once, which takes more questions to the database.
  'system.forceSearchAttributesCacheRefreshOnRead': true,
  'frontend.persistenceMaxQPS': 10_000,
  'history.persistenceMaxQPS': 45_000,
  'history.hostLevelCacheMaxSize': 8_096, // workflows in memory: as shipped for a server with many clients
  'frontend.namespaceRPS.visibility': 100, // as shipped 10 a second, for servers that many share
  'frontend.enableServerVersionCheck': false, // it would ask Temporal's site
  'system.enableRingpopTLS': true, // the services find each other by the same certificates
};

/**
 * Everything a server is told, in files: how to run, and for clients how to get in.
 * @param ports the frontend's, then `innerPorts` others; all different and free
 */
export function serverFiles(files: EmbeddedFiles, ports: readonly number[]): FileContent[] {
  const address = `127.0.0.1:${ports[0]}`;
  return [
    // JSON is YAML.
    [files.config, JSON.stringify(serverConfig(files, ports), null, 2)],
    [files.dynamicConfig, JSON.stringify(dynamicValues())],
    [files.clientConfig, clientConfig(files, address)],
  ];
}

function serverConfig(files: EmbeddedFiles, ports: readonly number[]): object {
  return {
    log: { stdout: true, level: 'warn', format: 'console' },
    persistence: persistence(files.database),
    global: {
      membership: { maxJoinDuration: '30s', broadcastAddress: '127.0.0.1' },
      tls: tls(files),
    },
    // No httpPort: a browser can reach nothing.
    services: Object.fromEntries(
      services.map((name, index) => [
        name,
        { rpc: { grpcPort: ports[index], membershipPort: ports[index + services.length], bindOnLocalHost: true } },
      ]),
    ),
    clusterMetadata: {
      enableGlobalNamespace: false,
      failoverVersionIncrement: 10,
      masterClusterName: 'active',
      currentClusterName: 'active',
      clusterInformation: {
        active: {
          enabled: true,
          initialFailoverVersion: 1,
          rpcName: 'frontend',
          rpcAddress: `127.0.0.1:${ports[0]}`,
        },
      },
    },
    dcRedirectionPolicy: { policy: 'noop' },
    archival: { history: { state: 'disabled' }, visibility: { state: 'disabled' } },
    dynamicConfigClient: { filepath: files.dynamicConfig, pollInterval: '60s' },
  };
}

function persistence(database: string): object {
  const store = {
    sql: {
      pluginName: 'sqlite',
      databaseName: database,
      connectAddr: 'localhost',
      connectProtocol: 'tcp',
      maxConns: 1,
      maxIdleConns: 1,
      // `setup` makes the schema in a new file.
      connectAttributes: { mode: 'rwc', setup: 'true', journal_mode: 'WAL', synchronous: 'NORMAL' },
    },
  };
  return { defaultStore: 'file', visibilityStore: 'file', numHistoryShards: 1, datastores: { file: store } };
}

/** Mutual TLS, for those who come from outside and among the services. */
function tls({ certificates: { authority, server, client } }: EmbeddedFiles): object {
  const trusted = { serverName, rootCaFiles: [authority.certificate] };
  const mutual = {
    server: {
      certFile: server.certificate,
      keyFile: server.key,
      requireClientAuth: true,
      clientCaFiles: [authority.certificate],
    },
    client: trusted,
  };
  return {
    internode: mutual,
    frontend: mutual,
    systemWorker: { certFile: client.certificate, keyFile: client.key, client: trusted },
  };
}

function dynamicValues(): object {
  return Object.fromEntries(Object.entries(dynamicConfig).map(([name, value]) => [name, [{ value }]]));
}

/** For `temporal --config-file`, and every other program that reads Temporal's environment configuration. */
function clientConfig({ certificates: { authority, client } }: EmbeddedFiles, address: string): string {
  const profile = {
    address,
    namespace: embeddedNamespace,
    tls: {
      serverName,
      serverCACert: { path: authority.certificate },
      clientCert: { path: client.certificate },
      clientKey: { path: client.key },
    },
  };
  return Buffer.from(clientConfigToToml({ profiles: { default: profile } })).toString('utf8');
}
