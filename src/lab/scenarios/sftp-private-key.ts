import { readFileSync } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { DocuElevateLab } from '../docuelevate/server.js';
import { docuElevateFor } from '../docuelevate/shared.js';
import type { EnvironmentOptions } from '../docuelevate/environment.js';
import { leftBehindIn } from '../left-behind.js';
import type { Received, Scenario, ScenarioOptions } from '../scenario.js';
import { temporaryFolder } from '../temporary-folder.js';
import { blobOf } from '../sftp/keys.js';
import { type SftpLab, startSftpLab } from '../sftp/server.js';

export interface SftpScenarioOptions
  extends ScenarioOptions, Pick<EnvironmentOptions, 'database' | 'openAiBaseUrl' | 'openAiKey'> {
  /** The passphrase of the next key files; the first one is not encrypted. */
  readonly passphrase?: string;
  /** What the worker's container sees of the folder. Default: all of it. */
  readonly mounts?: 'the file alone';
}

/**
 * DocuElevate uploads documents to an SFTP server with a key in a file. Its values are known by their public halves.
 */
export async function startSftpPrivateKey(options: SftpScenarioOptions = {}): Promise<Scenario> {
  const { path: folder, remove } = temporaryFolder('keyturn-sftp-');
  const keyFile = join(folder, 'docuelevate_sftp');
  const sftp = await startSftpLab(options);
  await writeFile(keyFile, sftp.key.privateKey, { mode: 0o600 });
  const { port, username, hostKey } = sftp;
  const privateKey = options.mounts ? await mounted(keyFile) : keyFile;
  const docuelevate = await docuElevateFor({ ...options, sftp: { port, username, hostKey, privateKey } });
  const read = createReader(options.passphrase);
  const held = () => read(docuelevate.workerHolds('sftp_private_key') ?? '');
  return {
    systems: { docuelevate, sftp },
    credential: 'sftp',
    config: configOf({ ...options, docuelevate, sftp, keyFile, keyFileInEngine: privateKey }),
    secretFiles: {
      ...{ 'docuelevate-admin': docuelevate.adminPassword, 'sftp-admin': sftp.admin.privateKey.trim() },
      ...(options.passphrase !== undefined && { 'sftp-passphrase': options.passphrase }),
    },
    adopted: { privateKey: sftp.key.privateKey.trim(), publicKey: sftp.key.blob },
    async consume() {
      held(); // remembers the key
      return docuelevate.useSftp();
    },
    engineHolds: held,
    working: () => sftp.accepted().filter((blob) => blob !== sftp.admin.blob),
    received: () => receivedBy({ docuelevate, sftp }),
    leftBehind: () => leftBehindIn(folder),
    secrets() {
      held();
      const keys = [sftp.admin.privateKey, sftp.key.privateKey, ...read.seen()].flatMap(linesOf);
      return [docuelevate.adminPassword, docuelevate.apiToken, sftp.password, ...keys];
    },
    stop: async () => {
      await Promise.all([docuelevate.stop(), sftp.stop()]);
      await remove();
    },
  };
}

/** The public half of the key in a file; null when there is none. Remembers every key that it has seen. */
function createReader(passphrase: string | undefined) {
  const seen = new Map<string, string | null>();
  const read = (path: string): string | null => {
    const text = contentOf(path);
    if (text === null) return null;
    if (!seen.has(text)) seen.set(text, blobOf(text, passphrase));
    return seen.get(text) ?? null;
  };
  return Object.assign(read, { seen: () => [...seen.keys()] });
}

/** Copies the key file to a place of its own, where nothing appears beside it. */
async function mounted(keyFile: string): Promise<string> {
  const inside = join(dirname(keyFile), 'container', basename(keyFile));
  await mkdir(dirname(inside));
  await copyFile(keyFile, inside);
  return inside;
}

function contentOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** A private key is searched for by the lines of its text: a quotation may fold it in another way. */
function linesOf(key: string): string[] {
  return key.split('\n').filter((line) => line.length > 20 && !line.includes('-----'));
}

/** Documents and the consumer use the engine's own library, so their requests are left out. */
function receivedBy({ docuelevate, sftp }: { docuelevate: DocuElevateLab; sftp: SftpLab }): Received[] {
  const ours = sftp.requests.filter(({ software }) => software === 'keyturn');
  return [
    ...ours.map((request) => ({ ...request, system: 'sftp' })),
    ...docuelevate.requests.map((request) => ({ ...request, system: 'docuelevate' })),
  ].sort((a, b) => a.at - b.at);
}

interface Configured extends SftpScenarioOptions {
  readonly docuelevate: DocuElevateLab;
  readonly sftp: SftpLab;
  readonly keyFile: string;
  readonly keyFileInEngine: string;
}

function configOf({ docuelevate, sftp, keyFile, keyFileInEngine, passphrase }: Configured): Scenario['config'] {
  const { url, adminUsername } = docuelevate;
  const { port, username, hostKey } = sftp;
  const admin = { username: adminUsername, password: { file: './docuelevate-admin' } };
  const provider = {
    ...{ host: '127.0.0.1', port, username, hostKey, adminKey: { file: './sftp-admin' }, keyFile, keyFileInEngine },
    ...(passphrase !== undefined && { passphrase: { file: './sftp-passphrase' } }),
  };
  return {
    engines: { docs: { kind: 'docuelevate', url, admin } },
    credentials: { sftp: { procedure: 'sftp-private-key', engine: 'docs', provider, unseenUse: 'retire' } },
  };
}
