import { clientConfigToToml } from '@temporalio/envconfig';
import { serverName } from './certificates.js';
import type { EmbeddedFiles } from './embedded-files.js';
import type { KeeperOrder } from './keeper.js';

/** The namespace of the embedded server. */
const embeddedNamespace = 'default';

/** How long the server keeps ended workflows. */
export const retentionSeconds = 24 * 3600;

/** The server's four services. Clients use only the frontend. */
const services = ['frontend', 'history', 'matching', 'worker'] as const;

/** Number of ports that a server listens on besides its address. */
export const innerPorts = 2 * services.length - 1;

const dynamicConfig = {
  // By default every task hop waits 50 ms and every timer 1 s.
  'history.transferProcessorMaxPollRPS': 1000,
  'history.timerProcessorMaxPollRPS': 1000,
  'history.timerProcessorMaxTimeShift': '10ms',
  // As in Temporal's development server: a new search attribute works at once, which needs more database queries.
  'system.forceSearchAttributesCacheRefreshOnRead': true,
  'frontend.persistenceMaxQPS': 10_000,
  'history.persistenceMaxQPS': 45_000,
  'history.hostLevelCacheMaxSize': 8_096, // workflows in memory; the default is for a server with many clients
  'frontend.namespaceRPS.visibility': 100, // the default, 10 a second, is for shared servers
  'frontend.enableServerVersionCheck': false, // it would send a request to Temporal's site
  'system.enableRingpopTLS': true, // the services authenticate to each other with the same certificates
};

/**
 * The files that configure the server, and the file that tells clients how to connect.
 * @param ports the frontend's, then `innerPorts` others; all different and free
 */
export function serverFiles(files: EmbeddedFiles, ports: readonly number[]): KeeperOrder['contents'] {
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
    global: { membership: { maxJoinDuration: '30s', broadcastAddress: '127.0.0.1' }, tls: tls(files) },
    // No httpPort, so that a browser cannot reach the server.
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
      // `setup` creates the schema in a new file.
      connectAttributes: { mode: 'rwc', setup: 'true', journal_mode: 'WAL', synchronous: 'NORMAL' },
    },
  };
  return { defaultStore: 'file', visibilityStore: 'file', numHistoryShards: 1, datastores: { file: store } };
}

/** Mutual TLS, for clients and among the services. */
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

/** Client configuration for `temporal --config-file` and other programs that read Temporal's environment configuration. */
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
