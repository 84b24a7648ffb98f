import type { VersionRef } from '../../src/domain/version.js';
import { recordFinding, requireProof } from '../shared/evidence.js';
import { requireFence } from '../shared/fencing.js';
import { needsDecision, passing } from '../shared/failures.js';
import { acceptedAgain } from '../shared/probes.js';
import { lastUseFinding } from '../shared/usage.js';
import type { AwsDeps } from './activities.js';
import { sweepOwn, contextOf } from './lost.js';
import { acceptance, objectName } from './probes.js';
import { checkAgain, denySessions } from './sessions.js';

export async function deactivateKey(deps: AwsDeps, ref: VersionRef): Promise<void> {
  const { store } = deps;
  await requireProof(store, ref, true);
  const { providerId: id, adopted, compromised } = await store.read(ref);
  if (id === null && adopted) throw cannotAttribute(ref);
  const context = await contextOf(deps, ref);
  if (id === null) return sweepOwn(context);
  await store.note(ref, { provider: 'unknown' });
  await requireFence(store, ref);
  const there = await context.client.switchKey(id, 'Inactive');
  const offAt = context.client.providerTime;
  await store.note(ref, { provider: 'disabled' });
  if (compromised) {
    await denySessions(context, offAt);
    if (there) await recordFinding(store, ref, lastUseFinding({ name: 'AWS', lastUsed: (await context.client.lastUsed(id)) ?? null }));
  }
  await sweepOwn(context); // last: the secrets of lost attempts are lost, and a leaked key must not wait for their deletion
}

export async function activateKey(deps: AwsDeps, ref: VersionRef): Promise<void> {
  const { store } = deps;
  const { providerId: id, compromised } = await store.read(ref);
  if (compromised || id === null) throw staysOff(ref);
  const { client, connection } = await contextOf(deps, ref);
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
  const context = await contextOf(deps, ref);
  await sweepOwn(context);
  if (id === null) return;
  await store.note(ref, { provider: 'unknown' });
  await requireFence(store, ref);
  const { client } = context;
  if (!(await client.deleteKey(id)) && !compromised) return;
  const listed = await client.keys();
  if (listed.some((key) => key.id === id)) throw passing('AWS still lists the key that it deleted');
  if (compromised) await checkAgain(context, listed);
}

function cannotAttribute({ credential, number }: VersionRef): Error {
  return needsDecision(`version ${number} of ${credential} was adopted, and its key at AWS is unknown`);
}

function staysOff({ credential, number }: VersionRef): Error {
  return needsDecision(
    `version ${number} of ${credential} is gone at AWS or compromised, so it is not activated again`,
  );
}
