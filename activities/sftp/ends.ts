import type { VersionRef } from '../../src/domain/version.js';
import { requireProof } from '../shared/evidence.js';
import { requireFence } from '../shared/fencing.js';
import { needsDecision } from '../shared/failures.js';
import { acceptedAgain } from '../shared/probes.js';
import type { SftpDeps } from './activities.js';
import { linesIn, withKeyOff, withKeyOn } from './authorized-keys.js';
import { edit } from './authorize.js';
import { proberOf } from './probes.js';
import { open, requireOwnKey, valueOf } from './standing.js';

/** A server tells nobody which key a login was made with: what goes through while the old key is off was not let in by it. */
export async function disableKey(deps: SftpDeps, ref: VersionRef): Promise<void> {
  const { store, connection } = await open(deps, ref);
  await requireProof(store, ref, true);
  const value = await valueOf(store, ref);
  if (!value) return;
  await requireOwnKey(connection, [value.publicKey]);
  await store.note(ref, { provider: 'unknown' });
  await edit(connection, {
    present: () => requireProof(store, ref, true),
    change: (text) => withKeyOff(text, value.publicKey),
  });
  await store.note(ref, { provider: 'disabled' });
}

/** Whoever comes next can do it, also after somebody died in the middle: what is on already stays as it is. */
export async function enableKey(deps: SftpDeps, ref: VersionRef): Promise<void> {
  const { store, connection } = await open(deps, ref);
  const value = await valueOf(store, ref);
  if (!value || (await store.read(ref)).compromised) throw staysOff(ref, 'it is compromised, or was never made');
  let isThere = false;
  await edit(connection, {
    present: () => requireFence(store, ref),
    change(text) {
      const on = withKeyOn(text, value.publicKey);
      isThere = linesIn(on).some(({ publicKey }) => publicKey === value.publicKey);
      return on;
    },
  });
  if (!isThere) throw staysOff(ref, `${connection.authorizedKeys} does not hold it, switched off or not`);
  await store.note(ref, { provider: 'unknown' });
  await acceptedAgain(await proberOf(deps, ref), store, ref);
}

function staysOff({ credential, number }: VersionRef, why: string): Error {
  return needsDecision(`version ${number} of ${credential} stays off: ${why}`);
}
