import { askOpenAi } from './ai.js';
import type { ApiProcess } from './api-process.js';
import { isOn } from './ftp.js';
import { type ImapLogin, isRefusedHost, testImap, type Tested } from './imap.js';
import { peerAt, type Peers } from './peers.js';

const types = [
  ...[
    'DROPBOX',
    'EMAIL',
    'FTP',
    'GOOGLE_DRIVE',
    'ICLOUD',
    'IMAP',
    'NEXTCLOUD',
    'ONEDRIVE',
    'PAPERLESS',
    'RCLONE',
    'S3',
  ],
  ...['SFTP', 'SHAREPOINT', 'VECTOR_DATABASE', 'WATCH_FOLDER', 'WEBDAV', 'WEBHOOK'],
];

/** One integration to try, from a request or from its row. */
export interface Trial {
  readonly type: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly credentials: Readonly<Record<string, unknown>>;
}

export interface TrialOptions {
  readonly peers: Peers;
  readonly api: ApiProcess;
  readonly signal: AbortSignal;
}

/** Why the engine does not know a type; null when it does. */
export function whyUnknown(type: string): string | null {
  if (types.includes(type)) return null;
  return `Invalid integration_type '${type}'. Must be one of: [${types.map((each) => `'${each}'`).join(', ')}]`;
}

/** Null for a type whose test the lab does not simulate. A type without a test is a failure in the engine's answer. */
export async function testIntegration(trial: Trial, options: TrialOptions): Promise<Tested | null> {
  const { type, config, credentials } = trial;
  if (type === 'IMAP') {
    const tested = await testImap(options.peers, { port: 993, ...config, ...credentials } as unknown as ImapLogin);
    return tested.success ? { success: true, message: 'IMAP connection successful' } : tested;
  }
  if (type === 'WEBDAV' || type === 'NEXTCLOUD') return testWebDav(trial, options.peers);
  if (type === 'VECTOR_DATABASE') return testVectorDatabase(options);
  if (['DROPBOX', 'GOOGLE_DRIVE', 'S3'].includes(type)) return null;
  const then = 'The integration can still be saved and will be validated on first use.';
  return { success: false, message: `Connection testing is not yet supported for '${type}'. ${then}` };
}

/** Everything below 400 is a success, so a server that lists folders without a login is one. */
async function testWebDav({ config, credentials }: Trial, peers: Peers): Promise<Tested> {
  const { hostname, host } = new URL(String(config['url']));
  if (isRefusedHost(peers, hostname))
    return { success: false, message: 'URLs pointing to internal or private networks are not allowed' };
  const { username, password } = credentials as Record<string, string | undefined>;
  const refusal = await peerAt(peers, host).logIn({ username: username ?? '', password: password ?? '' });
  if (refusal === null) return { success: true, message: 'WebDAV connection successful' };
  return { success: false, message: `WebDAV returned HTTP ${refusal}` };
}

/** Uses the engine's own settings, whatever is posted. */
async function testVectorDatabase({ peers, api, signal }: TrialOptions): Promise<Tested & { readonly code?: string }> {
  const setting = (key: string): string => api.current(key) ?? '';
  if (!isOn(setting('vector_index_enabled')))
    return { success: false, message: 'Vector indexing is disabled by the operator' };
  const peer = peers[new URL(setting('vector_index_url')).host];
  if (!peer || (await peer.logIn({ api_key: setting('vector_index_api_key') })) !== null)
    return { success: false, message: 'Qdrant connection failed — check operator configuration' };
  const access = { baseUrl: setting('openai_base_url'), key: setting('openai_api_key'), signal };
  const embedded = await askOpenAi(access, '/embeddings', { model: setting('openai_model'), input: 'a probe' }).catch(
    () => null,
  );
  if (embedded === null)
    return {
      ...{ success: false, code: 'embedding_provider_check_failed' },
      message: 'Embedding provider check failed — verify AI settings',
    };
  const collection = setting('vector_index_collection');
  return { success: true, message: `Qdrant collection '${collection}' and embeddings are ready` };
}
