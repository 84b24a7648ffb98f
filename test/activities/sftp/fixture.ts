import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSftpActivities, type SftpActivities } from '../../../activities/sftp/activities.js';
import type { SftpConnection } from '../../../activities/sftp/client.js';
import type { VersionRef } from '../../../src/domain/version.js';
import { newLabKey } from '../../../src/lab/sftp/keys.js';
import { type SftpLab, type SftpLabOptions, startSftpLab } from '../../../src/lab/sftp/server.js';
import type { ProviderFixture } from '../../contracts/provider.js';
import type { Bench } from '../bench.js';

type Changeable = Omit<SftpConnection, 'adminKey' | 'passphrase'> & {
  readonly adminKey: string;
  readonly passphrase: string | null;
};

/** The lab, our activities pointed at it, and the file of the key that lets the account in. */
export interface SftpFixture {
  readonly lab: SftpLab;
  readonly sftp: SftpActivities;
  /** What the configuration says; assign to it to point elsewhere. */
  readonly account: { -readonly [K in keyof Changeable]: Changeable[K] };
  readonly keyFile: string;
  readonly folder: string;
  /** The key that lets the account in at first, adopted. */
  adopt(): Promise<VersionRef>;
  stop(): Promise<void>;
}

export async function startSftpFixture(bench: Bench, options: SftpLabOptions = {}): Promise<SftpFixture> {
  const lab = await startSftpLab(options);
  const folder = mkdtempSync(join(tmpdir(), 'keyturn-sftp-test-'));
  const keyFile = join(folder, 'docuelevate_sftp');
  writeFileSync(keyFile, lab.key.privateKey, { mode: 0o640 });
  const { port, username, hostKey, admin } = lab;
  const account: SftpFixture['account'] = {
    ...{ host: '127.0.0.1', port, username, hostKey, adminUsername: username, adminKey: admin.privateKey },
    ...{ authorizedKeys: '.ssh/authorized_keys', keyFile, keyFileInEngine: '/app/keys/docuelevate_sftp' },
    ...{ passphrase: null, propagationMs: options.propagationMs ?? 0 },
  };
  const sftp = createSftpActivities({
    store: bench.store,
    async account() {
      const { adminKey, passphrase, ...connection } = account;
      const secret = passphrase === null ? null : async () => passphrase;
      return { ...connection, adminKey: async () => adminKey, passphrase: secret };
    },
  });
  return {
    ...{ lab, sftp, account, keyFile, folder },
    async adopt() {
      const adopted = await bench.adopt({ privateKey: lab.key.privateKey.trim() });
      await bench.attempt(() => sftp.identifyKey(adopted));
      return adopted;
    },
    async stop() {
      await lab.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

export async function sftpProvider(bench: Bench, options: SftpLabOptions): Promise<ProviderFixture> {
  const fixture = await startSftpFixture(bench, options);
  const { lab, sftp, account } = fixture;
  const authorizedKeys = lab.keysFile;
  const { reader } = lab;
  const wrong = newLabKey();
  const admins = {
    valid: { adminKey: lab.admin.privateKey, adminUsername: lab.username },
    wrong: { adminKey: wrong.privateKey, adminUsername: lab.username },
    powerless: { adminKey: reader.privateKey, adminUsername: reader.name },
  };
  Object.assign(account, { authorizedKeys });
  const made: string[] = [];
  const rename = { method: 'RENAME', path: '/authorized_keys' };
  return {
    lab: { ...lab, stop: () => fixture.stop() },
    verbs: {
      async create(version) {
        await sftp.generateKeyPair(version);
        made.push((await bench.store.unseal(version))['privateKey'] ?? '');
        await sftp.authorizeKey(version);
      },
      accepts: sftp.acceptsKey,
      destroy: sftp.removeKey,
      refuses: sftp.refusesKey,
    },
    lost: 'kept before',
    creates: rename,
    destroys: rename,
    useAdmin: (which) => void Object.assign(account, admins[which]),
    working: () => lab.accepted().filter((blob) => ![lab.key.blob, lab.admin.blob].includes(blob)),
    secrets: () => [lab.admin, lab.key, wrong, reader, ...made.map((privateKey) => ({ privateKey }))].flatMap(linesOf),
  };
}

/** A private key is looked for by the lines of its text. */
export function linesOf({ privateKey }: { readonly privateKey: string }): string[] {
  return privateKey.split('\n').filter((line) => line.length > 20 && !line.includes('-----'));
}
