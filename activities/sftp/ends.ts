import type { VersionRef } from '../../src/domain/version.js';
import { requireProof } from '../shared/evidence.js';
import { requireFence } from '../shared/fencing.js';
import { needsDecision } from '../shared/failures.js';
import { acceptedAgain } from '../shared/probes.js';
import type { SftpDeps } from './activities.js';
import { linesIn, withKeyOff, withKeyOn } from './authorized-keys.js';
import { edit } from './authorize.js';
import { proberOf } from './probes.js';
import { contextOf, requireOwnKey, valueOf } from './context.js';

/** Disables a key before its removal: a server does not show which key a login used, but a disabled one cannot be used. */
export async function disableKey(deps: SftpDeps, ref: VersionRef): Promise<void> {
  const { store, connection } = await contextOf(deps, ref);
  await requireProof(store, ref, true);
  const value = await valueOf(store, ref);
  if (!value) return;
  await requireOwnKey(connection, [value.publicKey]);
  await store.note(ref, { provider: 'unknown' });
  await edit(connection, {
    requireWriter: () => requireProof(store, ref, true),
    change: (text) => withKeyOff(text, value.publicKey),
  });
  await store.note(ref, { provider: 'disabled' });
}

/** Idempotent, so that a later attempt can complete it: an active line stays as it is. */
export async function enableKey(deps: SftpDeps, ref: VersionRef): Promise<void> {
  const { store, connection } = await contextOf(deps, ref);
  const value = await valueOf(store, ref);
  if (!value || (await store.read(ref)).compromised) throw staysOff(ref, 'it is compromised, or has no value');
  let isThere = false;
  await edit(connection, {
    requireWriter: () => requireFence(store, ref),
    change(text) {
      const on = withKeyOn(text, value.publicKey);
      isThere = linesIn(on).some(({ publicKey }) => publicKey === value.publicKey);
      return on;
    },
  });
  if (!isThere) throw staysOff(ref, `${connection.authorizedKeys} no longer holds it, not even switched off`);
  await store.note(ref, { provider: 'unknown' });
  await acceptedAgain(await proberOf(deps, ref), store, ref);
}

function staysOff({ credential, number }: VersionRef, why: string): Error {
  return needsDecision(`version ${number} of ${credential} stays off: ${why}`);
}
