import type { VersionRef } from '../../src/domain/version.js';
import type { AuditMaterial } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import type { DocuElevateDeps } from './activities.js';
import { connect } from './engine.js';

/**
 * Stores with the emergency what the engine recorded since the oldest compromised value came into use. `ref` replaces them. The engine's
 * times are naive UTC by its own clock, so a clock error shifts the window a little.
 */
export async function collectAudit(deps: DocuElevateDeps, ref: VersionRef): Promise<void> {
  const { store } = deps;
  const { client } = await connect(deps, ref.credential);
  const since = new Date(await startOf(store, ref)).toISOString().slice(0, 19);
  const events = (await client.events(since)).map(({ timestamp, user, action, ip_address }): AuditMaterial => {
    const from = ip_address ? ` from ${ip_address}` : '';
    return { source: 'DocuElevate audit log', at: timestamp ?? null, what: `${action} by ${user ?? 'nobody'}${from}` };
  });
  const changes = (await client.allChanges())
    .filter(({ changed_at }) => !changed_at || changed_at.slice(0, 19) >= since)
    .map(({ key, action, changed_by, changed_at }): AuditMaterial => {
      const what = `${key}: ${action ?? 'change'} by ${changed_by ?? 'somebody'}`;
      return { source: 'DocuElevate settings', at: changed_at ?? null, what };
    });
  await store.keepMaterial(ref, [...events, ...changes]);
}

/** When the first compromised value of the emergency came into use, in Unix milliseconds. */
async function startOf(store: Store, { credential, fence }: VersionRef): Promise<number> {
  const emergencies = (await store.emergencies(credential)).filter((each) => each.fence === fence);
  const targets = new Set(emergencies.flatMap((each) => each.targets));
  const versions = (await store.versions(credential)).filter(({ number }) => targets.has(number));
  return Math.min(Date.now(), ...versions.map(({ promotedAt, createdAt }) => promotedAt ?? createdAt));
}
