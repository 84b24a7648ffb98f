import { readFileSync } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { sftpPrivateKey } from '../../../workflows/procedures/sftp-private-key.js';
import { linesOf } from '../canary.js';
import type { EnvironmentOptions } from '../docuelevate/environment.js';
import { leftBehindIn } from '../left-behind.js';
import { labOf } from '../provider-lab.js';
import type { ScenarioOptions } from '../scenario.js';
import { blobOf, newLabKey } from '../sftp/keys.js';
import { type SftpLab, startSftpLab } from '../sftp/server.js';
import { temporaryFolder } from '../temporary-folder.js';

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
export const sftpLab = labOf<SftpWithFiles, SftpScenarioOptions>({
  procedure: sftpPrivateKey,
  name: 'sftp',
  start,
  adopt: ({ key }) => ({ privateKey: key.privateKey.trim(), publicKey: key.blob }),
  engine: ({ port, username, hostKey, keyFileInEngine: privateKey }) => ({
    sftp: { port, username, hostKey, privateKey },
  }),
  use: 'sftp',
  entry: ({ port, username, hostKey, keyFile, keyFileInEngine }, { passphrase }) => ({
    provider: {
      ...{ host: '127.0.0.1', port, username, hostKey, adminKey: { file: './sftp-admin' }, keyFile, keyFileInEngine },
      ...(passphrase !== undefined && { passphrase: { file: './sftp-passphrase' } }),
    },
    unseenUse: 'retire',
  }),
  secretFiles: ({ admin, passphrase }) => ({
    ...{ 'sftp-admin': admin.privateKey.trim(), ...(passphrase !== undefined && { 'sftp-passphrase': passphrase }) },
  }),
  /** Documents and the consumer use the engine's own library. */
  enginesOwn: ({ software }) => software !== 'keyturn',
  secrets: ({ admin, key, password, read }) => [
    password,
    ...[admin.privateKey, key.privateKey, ...read.seen()].flatMap(linesOf),
  ],
  valueFrom: ({ path }, { read }) => read(path ?? ''),
  leftBehind: ({ keyFile }) => leftBehindIn(dirname(keyFile)),
  /** A person's own key is accepted as well, and lies in a file of theirs. */
  async populate(sftp) {
    const [{ blob, privateKey }, path] = [newLabKey(), join(dirname(sftp.keyFile), 'a-person', 'own')];
    await mkdir(dirname(path));
    await writeFile(path, privateKey, { mode: 0o600 });
    sftp.text += `ssh-ed25519 ${blob} a person\n`;
    return { own: { path }, values: [blob, sftp.admin.blob] };
  },
  issued(sftp) {
    const [text, accepted] = [sftp.text, sftp.accepted()];
    return sftp.everyKey().map((value) => ({ value, label: labelIn(text, value), alive: accepted.includes(value) }));
  },
  kill: (sftp, { publicKey = '' }) => void (sftp.text = withoutLine(sftp.text, publicKey)),
});

export const startSftpPrivateKey = sftpLab.start;

/** The server, and the files in which the engine's worker has its keys. */
interface SftpWithFiles extends SftpLab {
  readonly keyFile: string;
  readonly keyFileInEngine: string;
  readonly passphrase: string | undefined;
  readonly read: ReturnType<typeof createReader>;
}

async function start(options: SftpScenarioOptions): Promise<SftpWithFiles> {
  const { path: folder, remove } = temporaryFolder('keyturn-sftp-');
  const [sftp, keyFile, { passphrase }] = [await startSftpLab(options), join(folder, 'docuelevate_sftp'), options];
  await writeFile(keyFile, sftp.key.privateKey, { mode: 0o600 });
  const keyFileInEngine = options.mounts ? await mounted(keyFile) : keyFile;
  const stopServer = sftp.stop.bind(sftp);
  return Object.assign(sftp, {
    ...{ keyFile, keyFileInEngine, passphrase, read: createReader(passphrase) },
    async stop() {
      await stopServer();
      await remove();
    },
  });
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

function labelIn(text: string, value: string): string | null {
  const line = text.split('\n').find((each) => each.includes(value));
  return line?.split(' ').slice(2).join(' ') ?? null;
}

function withoutLine(text: string, value: string): string {
  return text
    .split('\n')
    .filter((line) => !line.includes(value))
    .join('\n');
}
