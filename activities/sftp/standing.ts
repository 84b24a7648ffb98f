import type { VersionRef } from '../../src/domain/version.js';
import type { Store } from '../../src/store/store.js';
import { permanent } from '../shared/failures.js';
import type { SftpDeps } from './activities.js';
import type { Login, SftpConnection } from './client.js';
import { readKey } from './key-pair.js';

/** A server, and the version that something is done about. */
export interface SftpWork {
  readonly store: Store;
  readonly connection: SftpConnection;
  readonly ref: VersionRef;
}

/** A version's value by its parts. */
export interface Value {
  readonly privateKey: string;
  /** As authorized_keys has it, in base64. */
  readonly publicKey: string;
  /** What the engine gets: where the file of the private key is for its worker. */
  readonly path: string;
  readonly passphrase?: string | undefined;
  /** What the server makes of a login with it, where anything; a line for each of its lines. */
  readonly options?: string | undefined;
}

export async function open({ store, account }: SftpDeps, ref: VersionRef): Promise<SftpWork> {
  return { store, ref, connection: await account(ref.credential) };
}

/** Null while the version has no value. */
export async function valueOf(store: Store, ref: Pick<VersionRef, 'credential' | 'number'>): Promise<Value | null> {
  if ((await store.read(ref)).parts.length === 0) return null;
  const { privateKey = '', publicKey = '', path = '', passphrase, options } = await store.unseal(ref);
  return { privateKey, publicKey, path, passphrase, options };
}

/** The account with the version's key and nothing else. */
export function loginWith(
  { username }: SftpConnection,
  { privateKey = '', passphrase }: Readonly<Record<string, string | undefined>>,
): Login {
  return { username, privateKey, passphrase };
}

/** As authorized_keys has Keyturn's own key. */
export async function ownKeyOf({ adminKey }: SftpConnection): Promise<string> {
  return readKey(await adminKey())
    .getPublicSSH()
    .toString('base64');
}

/** Keyturn would lock itself out, at the latest in an emergency. */
export async function requireOwnKey(connection: SftpConnection, ours: readonly string[]): Promise<void> {
  if (ours.includes(await ownKeyOf(connection)))
    throw permanent('Rejected', 'adminKey is the very key that is rotated: give Keyturn one of its own');
}
