import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import { recordFinding } from '../shared/evidence.js';
import { needsDecision } from '../shared/failures.js';
import type { SftpDeps } from './activities.js';
import { linesIn } from './authorized-keys.js';
import { readKeys } from './authorize.js';
import { administer } from './client.js';
import { fingerprintOf } from './key-pair.js';
import { open, ownKeyOf, valueOf } from './standing.js';

/**
 * Whether a document that arrived can only have come with the version's key. Without a word DocuElevate's SSH library goes on to the keys in
 * its worker's home and agent when the file's key cannot be read or is turned away; so it counts what the server lets in.
 */
export async function isOnlyKey(deps: SftpDeps, ref: VersionRef): Promise<Finding> {
  const { store, connection } = await open(deps, ref);
  const value = await valueOf(store, ref);
  if (!value) throw needsDecision(`version ${ref.number} of ${ref.credential} has no key`);
  const { authorizedKeys } = connection;
  const { text } = await administer(connection, (files) => readKeys(files, authorizedKeys));
  const lines = linesIn(text).map(({ publicKey }) => publicKey);
  const ours = [value.publicKey, await ownKeyOf(connection)];
  const others = [...new Set(lines)].filter((publicKey) => !ours.includes(publicKey)).map(fingerprintOf);
  const say = (outcome: Finding['outcome'], detail: string) =>
    recordFinding(store, ref, { kind: 'in-use', outcome, detail });
  if (!lines.includes(value.publicKey)) return say('failed', `${authorizedKeys} does not let the key in`);
  if (others.length === 0)
    return say('proved', `${authorizedKeys} lets in this key and Keyturn's own alone, so a document came with it`);
  return say(
    'not-observable',
    `no server tells which key a login was made with, and ${authorizedKeys} lets in others: ${others.join(', ')}`,
  );
}
