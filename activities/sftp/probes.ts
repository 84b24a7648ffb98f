import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import { reporting } from '../shared/evidence.js';
import { acceptedBy, type Prober, refusedAt } from '../shared/probes.js';
import type { SftpDeps } from './activities.js';
import { linesIn } from './authorized-keys.js';
import { type SftpConnection, tryKey } from './client.js';
import { contextOf, keysOf, ownKeyOf, requireValue, type Value } from './context.js';
import { fingerprintOf } from './key-pair.js';

const question = {
  name: 'the SFTP server',
  request: 'a new SSH login with only this key',
  welcome: '"accepted"',
  refusal: '"refused"',
} as const satisfies Partial<Prober>;

/** Whether the server accepts a new connection with the version's key alone. */
export async function acceptsKey(deps: SftpDeps, ref: VersionRef): Promise<Finding> {
  return acceptedBy(await proberOf(deps, ref), deps.store, ref);
}

/** Whether the server refuses such a connection. Some servers count a refused key as an attack: so one request a round. */
export async function refusesKey(deps: SftpDeps, ref: VersionRef): Promise<Finding> {
  return refusedAt(await proberOf(deps, ref), deps.store, ref);
}

export async function proberOf({ account }: SftpDeps, { credential }: Pick<VersionRef, 'credential'>): Promise<Prober> {
  const connection = await account(credential);
  return {
    ...{ ...question, propagationMs: connection.propagationMs, connections: 1 },
    ask: async (parts) => ({ verdict: await tryLogin(connection, parts), providerTime: undefined }),
  };
}

/** Whether the server accepts a login to the account with a version's key. */
export function tryLogin(connection: SftpConnection, { privateKey = '', passphrase }: Partial<Value>) {
  return tryKey(connection, { username: connection.username, privateKey, passphrase });
}

/**
 * Whether an arrived document can only have used the version's key. When the file's key cannot be read or is refused, DocuElevate's SSH
 * library silently tries the keys in its worker's home and agent. So all keys that the server accepts are checked.
 */
export async function isOnlyKey(deps: SftpDeps, ref: VersionRef): Promise<Finding> {
  const context = await contextOf(deps, ref);
  const { store, connection } = context;
  const { publicKey } = await requireValue(context, '');
  const { authorizedKeys } = connection;
  const lines = linesIn(await keysOf(connection)).map((line) => line.publicKey);
  const ours = [publicKey, await ownKeyOf(connection)];
  const others = [...new Set(lines)].filter((each) => !ours.includes(each)).map(fingerprintOf);
  const say = reporting(store, ref, 'in-use');
  if (!lines.includes(publicKey)) return say('failed', `${authorizedKeys} does not accept the key`);
  if (others.length === 0)
    return say('proved', `${authorizedKeys} accepts only this key and Keyturn's own, so a document used it`);
  return say(
    'not-observable',
    `a server does not show which key a login used, and ${authorizedKeys} accepts others: ${others.join(', ')}`,
  );
}
