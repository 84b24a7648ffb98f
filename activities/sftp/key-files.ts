import { createHash } from 'node:crypto';
import type { VersionRef } from '../../src/domain/version.js';
import { bytesOf, contentOf, removeFile, removeTemporaries, replaceFile } from '../delivery/files.js';
import { keepGenerated } from '../shared/keeping.js';
import { requireProof } from '../shared/evidence.js';
import { requireFence } from '../shared/fencing.js';
import { needsDecision, permanent } from '../shared/failures.js';
import type { SftpDeps } from './activities.js';
import { knownLinesIn, linesIn, offMark } from './authorized-keys.js';
import { keyText } from './account.js';
import { fingerprintOf, newKeyPair, readKey } from './key-pair.js';
import { alternatives } from './remote-files.js';
import { contextOf, keysOf, requireValue, type SftpContext, valueOf } from './context.js';

/** Suffix of a key's own file, by version and key. A file never changes, so only the setting switches the key. */
function suffixOf({ number }: VersionRef, publicKey: string): string {
  return `-v${number}-${createHash('sha256').update(publicKey).digest('hex').slice(0, 8)}`;
}

/** Generates the version's key pair and stores it before anything is written outside. */
export async function generateKeyPair(deps: SftpDeps, ref: VersionRef): Promise<void> {
  const { store, connection } = await contextOf(deps, ref);
  await keepGenerated(store, ref, async () => {
    const passphrase = await connection.passphrase?.();
    const { privateKey, publicKey } = newKeyPair(passphrase);
    const path = connection.keyFileInEngine + suffixOf(ref, publicKey);
    const parts = { privateKey, publicKey, path, ...(passphrase === undefined ? {} : { passphrase }) };
    return { providerId: fingerprintOf(publicKey), parts };
  });
}

/** Writes the version's private key into its own file, with the rights of the adopted one, so that the same users can read it. */
export async function placeKeyFile(deps: SftpDeps, ref: VersionRef): Promise<void> {
  const context = await contextOf(deps, ref);
  const value = await requireValue(context, ' to write into a file');
  const file = context.connection.keyFile + suffixOf(ref, value.publicKey);
  const requireWriter = (): Promise<void> => requireFence(context.store, ref);
  await requireWriter();
  await replaceFile(file, bytesOf(`${value.privateKey}\n`), { like: context.connection.keyFile, requireWriter });
}

/** Deletes that file. The adopted one stays: it belongs to the operator. Needs fresh proof. */
export async function removeKeyFile(deps: SftpDeps, ref: VersionRef): Promise<void> {
  const { store, connection } = await contextOf(deps, ref);
  const value = await valueOf(store, ref);
  if (!value || (await store.read(ref)).adopted) return;
  const file = connection.keyFile + suffixOf(ref, value.publicKey);
  await requireProof(store, ref);
  await removeTemporaries(file);
  await removeFile(file, { requireWriter: () => requireFence(store, ref) });
}

/** Finds the adopted key's file and its lines of authorized_keys, and stores fingerprint, path and options. */
export async function identifyKey(deps: SftpDeps, ref: VersionRef): Promise<void> {
  const context = await contextOf(deps, ref);
  const { store, connection } = context;
  const { privateKey = '' } = await store.unseal(ref);
  const passphrase = await connection.passphrase?.();
  const publicKey = readKey(privateKey, passphrase).getPublicSSH().toString('base64');
  await requireInFile(context, privateKey);
  const { authorizedKeys, keyFileInEngine: path } = connection;
  const text = await keysOf(connection);
  const lines = linesIn(text).filter((each) => each.publicKey === publicKey);
  if (lines.length === 0) throw needsDecision(whyMissing(text, publicKey, authorizedKeys));
  const options = lines.map((line) => line.options).join('\n');
  await store.note(ref, {
    providerId: fingerprintOf(publicKey),
    parts: { publicKey, path, ...(passphrase !== undefined && { passphrase }), ...(options !== '' && { options }) },
  });
}

function whyMissing(text: string, publicKey: string, authorizedKeys: string): string {
  if (knownLinesIn(text).some((each) => each.publicKey === publicKey))
    return `the key is switched off in ${authorizedKeys}: if it is the one in force, remove "${offMark}"`;
  return `the server accepts the key, but ${authorizedKeys} does not hold it. ${alternatives}`;
}

async function requireInFile({ connection: { keyFile } }: SftpContext, privateKey: string): Promise<void> {
  const content = await contentOf(keyFile);
  if (content !== null && keyText(content) === privateKey) return;
  const what = content === null ? 'there is no such file' : 'it holds something else';
  throw permanent(
    'Rejected',
    `keyFile (${keyFile}) is not the adopted key: ${what}. Name the file that DocuElevate reads now`,
  );
}
