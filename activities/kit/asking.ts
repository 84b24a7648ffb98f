import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { Store } from '../../src/store/store.js';
import type { AccessCheck } from '../shared/access.js';
import { acceptedBy, type Prober, refusedAt } from '../shared/probes.js';
import type { Account, Asking, Known } from './account.js';

/** The parts of a prober that do not depend on the account. */
export type Question = Pick<Prober, 'request' | 'welcome' | 'refusal' | 'connections' | 'pauseMs'>;

/** What the kit's activities need. */
export interface KitDeps<A extends Account> {
  readonly store: Store;
  /** The provider's name for people. */
  readonly name: string;
  readonly question: Question;
  readonly account: (credential: string) => Promise<A>;
}

/** How to ask whether the provider accepts a value of this credential, or refuses it. */
export async function proberOf<A extends Account>(
  { store, name, question, account }: KitDeps<A>,
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

/** The activities that ask and change nothing. */
export function askingActivities<A extends Account>(deps: KitDeps<A>) {
  const { store } = deps;
  return {
    /** Whether the provider accepts the version's value. Refusals of a young value are retried. */
    accepts: async (version: VersionRef): Promise<Finding> =>
      acceptedBy(await proberOf(deps, version.credential), store, version),

    /** Whether the provider refuses the version's value, asked over the whole propagation delay. */
    refuses: async (version: VersionRef): Promise<Finding> =>
      refusedAt(await proberOf(deps, version.credential, 'refused'), store, version),

    /** The checks of `keyturn check` on the account. */
    checkAccess: async (credential: string): Promise<AccessCheck[]> =>
      (await deps.account(credential)).check(await knownIn(store, credential)),
  };
}

async function knownIn(store: Store, credential: string): Promise<Known> {
  const versions = await store.versions();
  const current = versions.find((version) => version.credential === credential && version.state === 'current');
  return {
    ...(current && { current: current.providerId }),
    ids: versions.flatMap(({ providerId }) => providerId ?? []),
  };
}
