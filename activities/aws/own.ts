import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import { markOf, proberOf } from '../kit/asking.js';
import type { IssuingActivities } from '../kit/issuing.js';
import { type IssuingDeps, sweepOwn, workOn } from '../kit/recovery.js';
import { lastUse } from '../kit/listed.js';
import { recordFinding, requireProof } from '../shared/evidence.js';
import { needsDecision } from '../shared/failures.js';
import { fenced } from '../shared/fencing.js';
import { acceptedAgain, acceptedBy } from '../shared/probes.js';
import { lastUseFinding } from '../shared/usage.js';
import { withDeps } from '../shared/with-deps.js';
import type { AwsAccount } from './account.js';
import { writeObject } from './probes.js';
import { checkAgain, denySessions } from './sessions.js';

type Deps = IssuingDeps<AwsAccount>;

/** What only AWS has: a bucket to try, and keys that can be switched off and on. */
export function ownActivities(deps: Deps, kit: IssuingActivities) {
  return {
    ...withDeps(deps, { writesObject, deactivate, activate }),
    async remove(version: VersionRef): Promise<void> {
      await kit.remove(version);
      const { providerId, compromised } = await deps.store.read(version);
      if (providerId !== null && compromised) await checkAgain(await workOn(deps, version));
    },
  };
}

export type AwsActivities = IssuingActivities & ReturnType<typeof ownActivities>;

/** Whether an object can be written, read and deleted with the version's key. */
async function writesObject(deps: Deps, ref: VersionRef): Promise<Finding> {
  const { store } = deps;
  const { client } = await deps.account(ref.credential);
  const object = [markOf(store, ref.credential), `Keyturn tests version ${ref.number} of ${ref.credential}`] as const;
  const prober = {
    ...(await proberOf(deps, ref.credential)),
    request: 'PUT, GET and DELETE of an object',
    ask: (parts: Readonly<Record<string, string>>) => fenced(store, ref, () => writeObject(client, parts, object)),
  };
  return acceptedBy(prober, store, ref);
}

/** Deactivates the version's key, which can be undone. Needs fresh proof. */
async function deactivate(deps: Deps, ref: VersionRef): Promise<void> {
  const { store, name } = deps;
  await requireProof(store, ref, true);
  const { providerId: id, adopted, compromised } = await store.read(ref);
  if (id === null && adopted)
    throw needsDecision(`version ${ref.number} of ${ref.credential} was adopted, and its key at AWS is unknown`);
  const work = await workOn(deps, ref);
  if (id !== null) {
    const { client } = work.account;
    await store.note(ref, { provider: 'unknown' });
    const isThere = await fenced(store, ref, () => client.switchKey(id, 'Inactive'));
    const offAt = client.providerTime;
    await store.note(ref, { provider: 'disabled' });
    if (compromised) await denySessions(work, offAt);
    if (compromised && isThere)
      await recordFinding(store, ref, lastUseFinding({ name, lastUsed: await lastUse(work, id) }));
  }
  await sweepOwn(work); // last: the secrets of lost attempts are lost, and a leaked key must not wait for their deletion
}

/** Activates the version's key again and waits until AWS accepts it. */
async function activate(deps: Deps, ref: VersionRef): Promise<void> {
  const { store } = deps;
  const { providerId: id, compromised } = await store.read(ref);
  const { client } = await deps.account(ref.credential);
  const isOn = id !== null && !compromised && (await fenced(store, ref, () => client.switchKey(id, 'Active')));
  if (!isOn)
    throw needsDecision(
      `version ${ref.number} of ${ref.credential} is gone at AWS or compromised, so it is not activated again`,
    );
  await store.note(ref, { provider: 'unknown' });
  await acceptedAgain(await proberOf(deps, ref.credential), store, ref);
}
