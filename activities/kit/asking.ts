import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { Store } from '../../src/store/store.js';
import type { AccessCheck } from '../shared/access.js';
import { acceptedBy, type Prober, refusedAt } from '../shared/probes.js';
import type { Account, Asking } from './account.js';

/** The parts of a prober that do not depend on the account. */
export type Question = Pick<Prober, 'request' | 'welcome' | 'refusal' | 'connections' | 'pauseMs'>;

/** What the kit's activities need. */
export interface KitDeps<A extends Account = Account> {
  readonly store: Store;
  /** The provider's name for people. */
  readonly name: string;
  readonly question: Question;
  readonly account: (credential: string) => Promise<A>;
}

/** How to ask whether the provider accepts a value of this credential, or refuses it. */
export async function proberOf(
  { store, name, question, account }: KitDeps,
  credential: string,
  expected: Asking['expected'] = 'accepted',
): Promise<Prober> {
  const provider = await account(credential);
  const asking = { expected, mark: markOf(store, credential) };
  return { ...question, name, propagationMs: provider.propagationMs, ask: (parts) => provider.ask(parts, asking) };
}

/** The same for every version, so that probes leave at most one thing of this name behind. */
export function markOf({ installation }: Store, credential: string): string {
  return `keyturn-probe-${installation.slice(0, 8)}-${credential}`;
}

/** Whether the provider accepts the version's value. Refusals of a young value are retried. */
export async function accepts(deps: KitDeps, version: VersionRef): Promise<Finding> {
  return acceptedBy(await proberOf(deps, version.credential), deps.store, version);
}

/** Whether the provider refuses the version's value, asked over the whole propagation delay. */
export async function refuses(deps: KitDeps, version: VersionRef): Promise<Finding> {
  return refusedAt(await proberOf(deps, version.credential, 'refused'), deps.store, version);
}

/** The checks of `keyturn check` on the account. */
export async function checkAccess({ store, account }: KitDeps, credential: string): Promise<AccessCheck[]> {
  const opened = await account(credential);
  const versions = await store.versions();
  const current = versions.find((version) => version.credential === credential && version.state === 'current');
  return opened.check({
    ...(current && { current: current.providerId }),
    ids: versions.flatMap(({ providerId }) => providerId ?? []),
  });
}
