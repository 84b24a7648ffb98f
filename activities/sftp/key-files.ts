import { createHash } from 'node:crypto';
import type { VersionRef } from '../../src/domain/version.js';
import { bytesOf, contentOf, removeFile, removeTemporaries, replaceFile } from '../delivery/files.js';
import { keepGenerated } from '../shared/generate.js';
import { requireProof } from '../shared/evidence.js';
import { requireFence } from '../shared/fencing.js';
import { needsDecision, permanent } from '../shared/failures.js';
import type { SftpDeps } from './activities.js';
import { knownLinesIn, linesIn, offMark } from './authorized-keys.js';
import { readKeys } from './authorize.js';
import { administer } from './client.js';
import { keyText } from './account.js';
import { fingerprintOf, newKeyPair, readKey } from './key-pair.js';
import { alternatives } from './remote-files.js';
import { open, valueOf, type SftpWork } from './standing.js';

/** Beside the adopted file, by version and key: a file never changes once it is there, so the setting alone is the switch. */
function suffixOf({ number }: VersionRef, publicKey: string): string {
  return `-v${number}-${createHash('sha256').update(publicKey).digest('hex').slice(0, 8)}`;
}

export async function generateKeyPair(deps: SftpDeps, ref: VersionRef): Promise<void> {
  const { store, connection } = await open(deps, ref);
  await keepGenerated(store, ref, async () => {
    const passphrase = await connection.passphrase?.();
    const { privateKey, publicKey } = newKeyPair(passphrase);
    const path = connection.keyFileInEngine + suffixOf(ref, publicKey);
    const parts = { privateKey, publicKey, path, ...(passphrase === undefined ? {} : { passphrase }) };
    return { providerId: fingerprintOf(publicKey), parts };
  });
}

/** With the rights of the file that is adopted: whoever reads that one reads this one. */
export async function placeKeyFile(deps: SftpDeps, ref: VersionRef): Promise<void> {
  const work = await open(deps, ref);
  const value = await valueOf(work.store, ref);
  if (!value)
    throw needsDecision(`version ${ref.number} of ${ref.credential} has no key that could be put into a file`);
  const file = work.connection.keyFile + suffixOf(ref, value.publicKey);
  const present = (): Promise<void> => requireFence(work.store, ref);
  await present();
  await replaceFile(file, bytesOf(`${value.privateKey}\n`), { like: work.connection.keyFile, present });
}

/** Only a file of our own making: the adopted one is the operator's. */
export async function removeKeyFile(deps: SftpDeps, ref: VersionRef): Promise<void> {
  const { store, connection } = await open(deps, ref);
  const value = await valueOf(store, ref);
  if (!value || (await store.read(ref)).adopted) return;
  const file = connection.keyFile + suffixOf(ref, value.publicKey);
  await requireProof(store, ref);
  await removeTemporaries(file);
  await removeFile(file, { present: () => requireFence(store, ref) });
}

/** Whose key the adopted one is, where it lies and what the server makes of it. */
export async function identifyKey(deps: SftpDeps, ref: VersionRef): Promise<void> {
  const work = await open(deps, ref);
  const { store, connection } = work;
  const { privateKey = '' } = await store.unseal(ref);
  const passphrase = await connection.passphrase?.();
  const publicKey = readKey(privateKey, passphrase).getPublicSSH().toString('base64');
  await requireInFile(work, privateKey);
  const { authorizedKeys, keyFileInEngine: path } = connection;
  const { text } = await administer(connection, (files) => readKeys(files, authorizedKeys));
  const lines = linesIn(text).filter((each) => each.publicKey === publicKey);
  if (lines.length === 0) throw needsDecision(whyMissing(text, { publicKey, authorizedKeys }));
  const options = lines.map((line) => line.options).join('\n');
  await store.note(ref, {
    providerId: fingerprintOf(publicKey),
    parts: { publicKey, path, ...(passphrase !== undefined && { passphrase }), ...(options !== '' && { options }) },
  });
}

function whyMissing(
  text: string,
  { publicKey, authorizedKeys }: { readonly publicKey: string; readonly authorizedKeys: string },
): string {
  if (knownLinesIn(text).some((each) => each.publicKey === publicKey))
    return `the key is switched off in ${authorizedKeys}: take away "${offMark}" where it is the one in force`;
  return `the server lets the key in, and ${authorizedKeys} does not hold it. ${alternatives}`;
}

async function requireInFile({ connection: { keyFile } }: SftpWork, privateKey: string): Promise<void> {
  const content = await contentOf(keyFile);
  if (content !== null && keyText(content) === privateKey) return;
  const what = content === null ? 'there is no such file' : 'it holds something else';
  throw permanent(
    'Rejected',
    `keyFile (${keyFile}) is not the key that is adopted: ${what}. Name the file that DocuElevate reads now`,
  );
}
