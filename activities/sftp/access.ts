import { isLive } from '../../src/domain/version.js';
import { contentOf, ownerOf } from '../delivery/files.js';
import { whyFixed } from '../delivery/fixed.js';
import { type AccessCheck, accessCheck, type Warning } from '../shared/access.js';
import { permanent } from '../shared/failures.js';
import type { SftpDeps } from './activities.js';
import { expiryOf, knownLinesIn, offMark } from './authorized-keys.js';
import { administer, type SftpConnection } from './client.js';
import { alternatives } from './remote-files.js';
import { readKeys, requireOwnKey, valueOf } from './context.js';

/** The checks of `keyturn check` on the account. */
export async function checkAccess({ store, account }: SftpDeps, credential: string): Promise<AccessCheck[]> {
  const connection = await account(credential);
  const { adminUsername, authorizedKeys } = connection;
  const live = (await store.versions(credential)).filter(({ state }) => isLive(state));
  const ours: string[] = [];
  for (const version of live) ours.push((await valueOf(store, version))?.publicKey ?? '');
  const login = await accessCheck(`login as ${adminUsername}`, async () => {
    await administer(connection, async () => undefined);
    await requireOwnKey(connection, ours);
    return 'works, with the key of adminKey and the pinned host key';
  });
  if (!login.ok) return [login];
  return [
    login,
    await accessCheck(authorizedKeys, () => mayChange(connection, ours)),
    await accessCheck('keyFile', () => mayPlace(connection)),
  ];
}

/** Creates a temporary file beside it and removes it at once: file permissions alone are not conclusive. */
async function mayChange(connection: SftpConnection, ours: readonly string[]): Promise<string | Warning> {
  return administer(connection, async (files) => {
    const file = await readKeys(files, connection);
    await files.remove(await files.writeBeside(file, file.text));
    const lines = knownLinesIn(file.text);
    const known = lines.filter(({ publicKey }) => ours.includes(publicKey));
    const off = known.filter(({ isOff }) => isOff).length;
    if (off > 0 && off === known.length) throw permanent('Rejected', `our key is switched off: remove "${offMark}"`);
    if (known.length === 0 && ours.length > 0) throw permanent('Rejected', `it does not hold our key. ${alternatives}`);
    const keys = lines.filter(({ isOff }) => !isOff).length;
    const found = `can be replaced; ${keys} keys, ${known.length - off} of them ours${off > 0 ? `, and ${off} of ours switched off` : ''}`;
    const [end] = known.flatMap((line) => (line.isOff ? [] : (expiryOf(line) ?? [])));
    if (end === undefined) return found;
    return {
      warning: `${found}. A line of our key expires at ${end} (expiry-time): rotate before that; the new line does not expire`,
    };
  });
}

async function mayPlace({ keyFile }: SftpConnection): Promise<string> {
  if ((await contentOf(keyFile)) === null)
    throw permanent('NotFound', `there is no ${keyFile}: name the file that DocuElevate reads now`);
  const why = await whyFixed(keyFile, await ownerOf(keyFile)); // the files beside it need the same rights
  if (why !== null) throw permanent('Rejected', why);
  return `${keyFile} can be read; new keys are written beside it`;
}
