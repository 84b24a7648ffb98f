import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { Store } from '../../src/store/store.js';
import type { AccessCheck } from '../shared/access.js';
import { acceptedBy, type Prober, refusedAt } from '../shared/probes.js';
import type { Account } from './account.js';

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

export function proberOf({ name, question }: Pick<KitDeps<Account>, 'name' | 'question'>, account: Account): Prober {
  return { ...question, name, propagationMs: account.propagationMs, ask: (parts) => account.ask(parts) };
}

/** The activities that ask and change nothing. */
export function askingActivities<A extends Account>(deps: KitDeps<A>) {
  const { store } = deps;
  const prober = async ({ credential }: VersionRef): Promise<Prober> => proberOf(deps, await deps.account(credential));
  return {
    /** Whether the provider accepts the version's value. Refusals of a young value are retried. */
    accepts: async (version: VersionRef): Promise<Finding> => acceptedBy(await prober(version), store, version),

    /** Whether the provider refuses the version's value, asked over the whole propagation delay. */
    refuses: async (version: VersionRef): Promise<Finding> => refusedAt(await prober(version), store, version),

    /** The checks of `keyturn check` on the account. */
    checkAccess: async (credential: string): Promise<AccessCheck[]> => (await deps.account(credential)).check(),
  };
}
