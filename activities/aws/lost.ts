import type { VersionRef } from '../../src/domain/version.js';
import type { Intent } from '../../src/store/records.js';
import { requireFence } from '../shared/fencing.js';
import { openIntents } from '../shared/keeping.js';
import { needsDecision, passing } from '../shared/failures.js';
import type { AwsDeps } from './activities.js';
import { AwsClient, type AwsConnection, type ListedKey } from './client.js';

/** Age after which no request of an attempt can still be in progress: the start-to-close timeout of these activities. */
const attemptMs = 60_000;

export interface AwsContext {
  readonly deps: AwsDeps;
  readonly connection: AwsConnection;
  readonly client: AwsClient;
  readonly ref: VersionRef;
}

export async function contextOf(deps: AwsDeps, ref: VersionRef): Promise<AwsContext> {
  const connection = await deps.account(ref.credential);
  return { deps, connection, client: new AwsClient(connection), ref };
}

/** Deletes the orphans of the version's own attempts. Asks AWS only where there was such an attempt. */
export async function sweepOwn(context: AwsContext): Promise<void> {
  const { deps, client, ref } = context;
  const attempts = (await openIntents(deps.store, ref)).filter(({ version }) => version === ref.number);
  if (attempts.length > 0) await sweepLost(context, { attempts, listed: await client.keys() });
}

/**
 * Deletes the orphans of attempts whose answer was lost: keys that were not listed before the attempt and belong to no version.
 * Their secrets are lost. Returns the remaining keys.
 * @throws ApplicationFailure of type NeedsDecision when somebody else may have created one
 */
export async function sweepLost(
  context: AwsContext,
  { attempts, listed }: { readonly attempts: readonly Intent[]; readonly listed: readonly ListedKey[] },
): Promise<ListedKey[]> {
  const { deps, client, ref } = context;
  const known = await knownIds(deps);
  const isNewTo = ({ seen = [] }: Intent, id: string): boolean => !known.has(id) && !seen.includes(id);
  const orphans = listed
    .map(({ id }) => id)
    .filter((id) => id !== '' && attempts.some((attempt) => isNewTo(attempt, id)));
  await requireOurs(context, orphans, attempts);
  const left = [...attempts];
  for (const id of orphans) {
    await requireFence(deps.store, ref);
    await client.deleteKey(id);
  }
  const still = orphans.length === 0 ? [] : (await client.keys()).map(({ id }) => id);
  for (const id of orphans) {
    const [maker] = left.splice(
      left.findIndex((attempt) => isNewTo(attempt, id)),
      1,
    );
    if (maker && !still.includes(id)) await deps.store.settle(maker, 'deleted');
  }
  if (orphans.some((id) => still.includes(id))) throw passing('AWS still lists a key that it deleted');
  for (const attempt of left) if (Date.now() - attempt.at > attemptMs) await deps.store.settle(attempt, 'nothing-made');
  return listed.filter(({ id }) => !orphans.includes(id));
}

export async function knownIds({ store }: AwsDeps): Promise<ReadonlySet<string>> {
  return new Set((await store.versions()).flatMap(({ providerId }) => providerId ?? []));
}

/** Keys have no names. A new key is ours only where nobody else creates keys, and only while it was never used. */
async function requireOurs(
  { connection, client }: AwsContext,
  orphans: readonly string[],
  attempts: readonly Intent[],
): Promise<void> {
  if (orphans.length === 0) return;
  const ids = orphans.join(', ');
  if (!connection.exclusive)
    throw needsDecision(
      `an attempt to create a key got no answer, and ${ids} of ${connection.user} is new. If nobody else created it, ` +
        'delete it in IAM and retry, or declare the user with "exclusive: true"',
    );
  if (orphans.length > attempts.length)
    throw needsDecision(
      `${ids} of ${connection.user} are new, more than Keyturn can have created: delete those without a user`,
    );
  for (const id of orphans)
    if (typeof (await client.lastUsed(id)) === 'number')
      throw needsDecision(`${id} of ${connection.user} is new and was used, so Keyturn does not delete it`);
}
