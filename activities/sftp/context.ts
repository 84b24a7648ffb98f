import type { VersionRef } from '../../src/domain/version.js';
import type { Store } from '../../src/store/store.js';
import { needsDecision, permanent } from '../shared/failures.js';
import type { SftpDeps } from './activities.js';
import { administer, type SftpConnection } from './client.js';
import { readKey } from './key-pair.js';
import { alternatives, type RemoteFile, type RemoteFiles } from './remote-files.js';

/** A server and the version that an activity works on. */
export interface SftpContext {
  readonly store: Store;
  readonly connection: SftpConnection;
  readonly ref: VersionRef;
}

/** A version's value by its parts. */
export interface Value {
  readonly privateKey: string;
  /** As in authorized_keys, in base64. */
  readonly publicKey: string;
  /** Path of the private key's file for the engine's worker. The engine's setting holds it. */
  readonly path: string;
  readonly passphrase?: string | undefined;
  /** Options of its lines of authorized_keys, one per line. */
  readonly options?: string | undefined;
}

export async function contextOf({ store, account }: SftpDeps, ref: VersionRef): Promise<SftpContext> {
  return { store, ref, connection: await account(ref.credential) };
}

/** Null while the version has no value. */
export async function valueOf(store: Store, ref: Pick<VersionRef, 'credential' | 'number'>): Promise<Value | null> {
  if ((await store.read(ref)).parts.length === 0) return null;
  const { privateKey = '', publicKey = '', path = '', passphrase, options } = await store.unseal(ref);
  return { privateKey, publicKey, path, passphrase, options };
}

/** @throws ApplicationFailure of type NeedsDecision while the version has no value. `purpose` says for what it is needed. */
export async function requireValue({ store, ref }: SftpContext, purpose: string): Promise<Value> {
  const value = await valueOf(store, ref);
  if (value) return value;
  throw needsDecision(`version ${ref.number} of ${ref.credential} has no key${purpose}`);
}

/** The account's authorized_keys, read in a session of the administrator. */
export async function readKeys(files: RemoteFiles, { authorizedKeys }: SftpConnection): Promise<RemoteFile> {
  const file = await files.read(authorizedKeys);
  if (file) return file;
  throw needsDecision(`the administrator finds no ${authorizedKeys}. ${alternatives}`);
}

/** The text of the account's authorized_keys. */
export async function keysOf(connection: SftpConnection): Promise<string> {
  return (await administer(connection, (files) => readKeys(files, connection))).text;
}

/** Keyturn's own public key, as in authorized_keys. */
export async function ownKeyOf({ adminKey }: SftpConnection): Promise<string> {
  return readKey(await adminKey())
    .getPublicSSH()
    .toString('base64');
}

/** Refuses a rotation of Keyturn's own key: it would lock itself out, at the latest in an emergency. */
export async function requireOwnKey(connection: SftpConnection, ours: readonly string[]): Promise<void> {
  if (ours.includes(await ownKeyOf(connection)))
    throw permanent('Rejected', 'adminKey is the key that is rotated: give Keyturn another key');
}
