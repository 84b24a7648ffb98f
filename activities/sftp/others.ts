import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import { recordFinding } from '../shared/evidence.js';
import { needsDecision } from '../shared/failures.js';
import type { SftpDeps } from './activities.js';
import { linesIn } from './authorized-keys.js';
import { readKeys } from './authorize.js';
import { administer } from './client.js';
import { fingerprintOf } from './key-pair.js';
import { contextOf, ownKeyOf, valueOf } from './context.js';

/**
 * Whether an arrived document can only have used the version's key. When the file's key cannot be read or is refused, DocuElevate's SSH
 * library silently tries the keys in its worker's home and agent. So all keys that the server accepts are checked.
 */
export async function isOnlyKey(deps: SftpDeps, ref: VersionRef): Promise<Finding> {
  const { store, connection } = await contextOf(deps, ref);
  const value = await valueOf(store, ref);
  if (!value) throw needsDecision(`version ${ref.number} of ${ref.credential} has no key`);
  const { authorizedKeys } = connection;
  const { text } = await administer(connection, (files) => readKeys(files, authorizedKeys));
  const lines = linesIn(text).map(({ publicKey }) => publicKey);
  const ours = [value.publicKey, await ownKeyOf(connection)];
  const others = [...new Set(lines)].filter((publicKey) => !ours.includes(publicKey)).map(fingerprintOf);
  const say = (outcome: Finding['outcome'], detail: string) =>
    recordFinding(store, ref, { kind: 'in-use', outcome, detail });
  if (!lines.includes(value.publicKey)) return say('failed', `${authorizedKeys} does not accept the key`);
  if (others.length === 0)
    return say('proved', `${authorizedKeys} accepts only this key and Keyturn's own, so a document used it`);
  return say(
    'not-observable',
    `a server does not show which key a login used, and ${authorizedKeys} accepts others: ${others.join(', ')}`,
  );
}
