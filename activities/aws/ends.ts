import type { VersionRef } from '../../src/domain/version.js';
import { recordFinding, requireProof } from '../shared/evidence.js';
import { requireFence } from '../shared/fencing.js';
import { needsDecision, passing } from '../shared/failures.js';
import { acceptedAgain } from '../shared/probes.js';
import { lastUseFinding } from '../shared/usage.js';
import type { AwsDeps } from './activities.js';
import { sweepOwn, workOn } from './lost.js';
import { acceptance, objectName } from './probes.js';
import { denySessions, lookAgain } from './sessions.js';

export async function deactivateKey(deps: AwsDeps, ref: VersionRef): Promise<void> {
  const { store } = deps;
  await requireProof(store, ref, true);
  const { providerId: id, adopted, compromised } = await store.read(ref);
  if (id === null && adopted) throw cannotAttribute(ref);
  const work = await workOn(deps, ref);
  if (id === null) return sweepOwn(work);
  await store.note(ref, { provider: 'unknown' });
  await requireFence(store, ref);
  const there = await work.client.switchKey(id, 'Inactive');
  const offAt = work.client.providerTime;
  await store.note(ref, { provider: 'disabled' });
  if (compromised) {
    await denySessions(work, offAt);
    if (there) await recordFinding(store, ref, lastUseFinding('AWS', (await work.client.lastUsed(id)) ?? null));
  }
  await sweepOwn(work); // last: nobody has what lost attempts made, and a leaked key does not wait for it
}

export async function activateKey(deps: AwsDeps, ref: VersionRef): Promise<void> {
  const { store } = deps;
  const { providerId: id, compromised } = await store.read(ref);
  if (compromised || id === null) throw staysOff(ref);
  const { client, connection } = await workOn(deps, ref);
  await requireFence(store, ref);
  if (!(await client.switchKey(id, 'Active'))) throw staysOff(ref);
  await store.note(ref, { provider: 'unknown' });
  await acceptedAgain(acceptance(client, connection, objectName(deps, connection, ref)), store, ref);
}

export async function deleteKey(deps: AwsDeps, ref: VersionRef): Promise<void> {
  const { store } = deps;
  await requireProof(store, ref);
  const { providerId: id, adopted, compromised } = await store.read(ref);
  if (id === null && adopted) throw cannotAttribute(ref);
  const work = await workOn(deps, ref);
  await sweepOwn(work);
  if (id === null) return;
  await store.note(ref, { provider: 'unknown' });
  await requireFence(store, ref);
  const { client } = work;
  if (!(await client.deleteKey(id)) && !compromised) return;
  const listed = await client.keys();
  if (listed.some((key) => key.id === id)) throw passing('AWS still lists the key that it deleted');
  if (compromised) await lookAgain(work, listed);
}

function cannotAttribute({ credential, number }: VersionRef): Error {
  return needsDecision(`version ${number} of ${credential} was adopted, and which key it is at AWS is not known`);
}

function staysOff({ credential, number }: VersionRef): Error {
  return needsDecision(`version ${number} of ${credential} is gone at AWS or compromised, so it stays off`);
}
