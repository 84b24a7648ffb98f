import type { VersionRef } from '../../src/domain/version.js';
import type { Intent } from '../../src/store/records.js';
import { requireFence } from '../shared/fencing.js';
import { openIntents } from '../shared/keeping.js';
import { needsDecision, passing } from '../shared/failures.js';
import type { AwsDeps } from './activities.js';
import { AwsClient, type AwsConnection, type ListedKey } from './client.js';

/** After this no request of an earlier attempt is under way any more: the start-to-close timeout of these activities. */
const attemptMs = 60_000;

export interface AwsWork {
  readonly deps: AwsDeps;
  readonly connection: AwsConnection;
  readonly client: AwsClient;
  readonly ref: VersionRef;
}

export async function workOn(deps: AwsDeps, ref: VersionRef): Promise<AwsWork> {
  const connection = await deps.account(ref.credential);
  return { deps, connection, client: new AwsClient(connection), ref };
}

/** Deletes what the version's own attempts may have made. Asks AWS only where there was such an attempt. */
export async function sweepOwn(work: AwsWork): Promise<void> {
  const { deps, client, ref } = work;
  const attempts = (await openIntents(deps.store, ref)).filter(({ version }) => version === ref.number);
  if (attempts.length > 0) await sweepLost(work, { attempts, listed: await client.keys() });
}

/**
 * Deletes what attempts have made whose answer was lost: keys that were not there before them, and that no version has. Their secrets are
 * lost. Returns the keys that are left.
 * @throws ApplicationFailure of type NeedsDecision when somebody else may have made one
 */
export async function sweepLost(
  work: AwsWork,
  { attempts, listed }: { readonly attempts: readonly Intent[]; readonly listed: readonly ListedKey[] },
): Promise<ListedKey[]> {
  const { deps, client, ref } = work;
  const known = await knownIds(deps);
  const isNewTo = ({ seen = [] }: Intent, id: string): boolean => !known.has(id) && !seen.includes(id);
  const made = listed.map(({ id }) => id).filter((id) => id !== '' && attempts.some((attempt) => isNewTo(attempt, id)));
  await requireOurs(work, made, attempts);
  const left = [...attempts];
  for (const id of made) {
    await requireFence(deps.store, ref);
    await client.deleteKey(id);
  }
  const still = made.length === 0 ? [] : (await client.keys()).map(({ id }) => id);
  for (const id of made) {
    const [maker] = left.splice(
      left.findIndex((attempt) => isNewTo(attempt, id)),
      1,
    );
    if (maker && !still.includes(id)) await deps.store.settle(maker, 'deleted');
  }
  if (made.some((id) => still.includes(id))) throw passing('AWS still lists a key that it deleted');
  for (const attempt of left) if (Date.now() - attempt.at > attemptMs) await deps.store.settle(attempt, 'nothing-made');
  return listed.filter(({ id }) => !made.includes(id));
}

export async function knownIds({ store }: AwsDeps): Promise<ReadonlySet<string>> {
  return new Set((await store.versions()).flatMap(({ providerId }) => providerId ?? []));
}

/** Keys have no names: only where nobody else makes any is a new one ours, and one that was used is not. */
async function requireOurs(
  { connection, client }: AwsWork,
  made: readonly string[],
  attempts: readonly Intent[],
): Promise<void> {
  if (made.length === 0) return;
  const ids = made.join(', ');
  if (!connection.exclusive)
    throw needsDecision(
      `an attempt to create a key got no answer, and ${ids} of ${connection.user} is new. If nobody else has made it, ` +
        'delete it in IAM and retry, or declare the user with "exclusive: true"',
    );
  if (made.length > attempts.length)
    throw needsDecision(
      `${ids} of ${connection.user} are new, more than Keyturn can have made: delete what is nobody's`,
    );
  for (const id of made)
    if (typeof (await client.lastUsed(id)) === 'number')
      throw needsDecision(`${id} of ${connection.user} is new and was used, so it is somebody's, and left alone`);
}
