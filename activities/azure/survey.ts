import { createHash } from 'node:crypto';
import { isLive } from '../../src/domain/version.js';
import type { Version } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import type { Listing } from '../shared/listing.js';
import type { Prober } from '../shared/probes.js';
import { askAbout, type Orphan, type ProviderSurvey, type SurveyedVersion } from '../shared/survey.js';
import type { AzureDeps } from './activities.js';
import { AzureClient, type AzureConnection, slots } from './client.js';
import { proberOf } from './probes.js';
import type { Keys } from './schemas.js';
import { slotOf } from './slots.js';

/** State of the account for `keyturn reconcile`. Changes nothing at Azure. */
export async function survey(deps: AzureDeps, credential: string, quietly = false): Promise<ProviderSurvey> {
  const { store } = deps;
  const connection = await deps.account(credential);
  const keys = await new AzureClient(connection).keys();
  const surveying = { store, prober: proberOf(connection), keys, quietly };
  const versions: SurveyedVersion[] = [];
  for (const version of await store.versions(credential)) versions.push(await surveyVersion(surveying, version));
  return { versions, orphans: await orphansIn(store, keys) };
}

interface Surveying {
  readonly store: Store;
  readonly prober: Prober;
  readonly keys: Keys;
  /** Does not probe with listed values. */
  readonly quietly: boolean;
}

/** Reads the slots from the list. Probes only the current version, and a live version that is missing from the list. */
async function surveyVersion({ store, prober, keys, quietly }: Surveying, version: Version): Promise<SurveyedVersion> {
  const plain = { number: version.number, lastUsedAt: null } as const;
  const value = version.parts.includes('key') ? (await store.unseal(version))['key'] : undefined;
  if (value === undefined) return { ...plain, verdict: 'not listed' };
  const listed = slotOf(keys, value) !== undefined;
  const asked = isLive(version.state) && (version.state === 'current' || !listed);
  if (!asked || (quietly && listed)) return { ...plain, verdict: listed ? 'listed' : 'not listed' };
  return { ...plain, verdict: await askAbout(prober, store, { version, listed }) };
}

/** Keys that the store does not know: somebody else has regenerated them. */
async function orphansIn(store: Store, keys: Keys): Promise<Orphan[]> {
  const orphans: Orphan[] = [];
  for (const slot of slots)
    if ((await store.identify(keys[slot])).length === 0)
      orphans.push({ id: slot, name: `${slot} of the account`, madeFor: null, lastUsedAt: null });
  return orphans;
}

/** The two slots of an account. Ending a slot's value regenerates it; anybody who manages the account can read the new one. */
export function azureListing(connection: AzureConnection): Listing {
  const client = new AzureClient(connection);
  return {
    async list() {
      const keys = await client.keys();
      return slots.map((slot) => ({
        ...{ id: slot, name: `what is in ${slot}`, lastUsedAt: null },
        mark: createHash('sha256').update(keys[slot]).digest('hex'), // a key has 32 random bytes or more, so it cannot be guessed from this
      }));
    },
    async end(id) {
      const slot = slots.find((each) => each === id);
      if (slot) await client.regenerate(slot);
    },
  };
}
