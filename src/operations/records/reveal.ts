import type { Version } from '../../store/records.js';
import { UsageError } from '../session/refusals.js';
import type { Session } from '../session/session.js';

export interface RevealRequest {
  readonly credential: string;
  /** By default the current one. */
  readonly version?: number | undefined;
  readonly reason: string;
  readonly actor: string;
}

interface Revealed {
  readonly version: Version;
  /** Every part of the value by its name. */
  readonly parts: Readonly<Record<string, string>>;
}

/**
 * Opens a value for a person. The ledger records it before anything is shown.
 * @throws UsageError when there is no such version, or it has no value
 */
export async function reveal({ store }: Session, request: RevealRequest): Promise<Revealed> {
  const { credential, version, reason, actor } = request;
  const versions = await store.versions(credential);
  const meant = versions.find(({ number, state }) =>
    version === undefined ? state === 'current' : number === version,
  );
  if (!meant) throw refused(request, versions);
  if (meant.parts.length === 0) throw new UsageError(`Version ${meant.number} of ${credential} has no value`, nothing);
  const parts = await store.unseal(meant);
  await store.record({ event: 'revealed', credential, version: meant.number, actor, detail: reason });
  return { version: meant, parts };
}

const nothing = { state: 'Nothing was shown.', next: 'See what there is: keyturn status' };

function refused({ credential, version }: RevealRequest, versions: readonly Version[]): UsageError {
  if (versions.length === 0) return new UsageError(`The store has no value of ${credential}`, nothing);
  const what = version === undefined ? 'current version' : `version ${version}`;
  const known = versions.map(({ number, state }) => `${number} (${state})`).join(', ');
  return new UsageError(`${credential} has no ${what}`, { ...nothing, next: `Give --version: ${known}` });
}
