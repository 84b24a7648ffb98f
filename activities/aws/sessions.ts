import { recordFinding } from '../shared/evidence.js';
import { requireFence } from '../shared/fencing.js';
import { needsDecision } from '../shared/failures.js';
import type { ListedKey } from './client.js';
import { knownIds, type AwsWork } from './lost.js';
import { isForbidden } from './refusals.js';

const policyName = 'keyturn-deny-sessions';
const skewMs = 60_000; // AWS's servers note times, each by its own clock

/** What no policy of the user reaches: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html */
const ofRoles = 'sessions of roles that it assumed live on until they expire, up to 12 hours: revoke them at the role';

/**
 * Denies the temporary credentials that were issued with a key: they live on for up to 36 hours without it. Nobody sees when the policy is
 * known everywhere, which takes minutes, so the finding is `not-observable`. `offAt` is when the key was switched off, Unix seconds by AWS's clock.
 */
export async function denySessions(work: AwsWork, offAt: number | undefined): Promise<void> {
  const { deps, client, connection, ref } = work;
  const { propagationMs, user } = connection;
  const now = (client.providerTime ?? Math.floor(Date.now() / 1000)) + 1; // AWS tells whole seconds
  const before = new Date(now * 1000 + propagationMs).toISOString();
  const Condition = { DateLessThan: { 'aws:TokenIssueTime': before } };
  const Statement = [{ Effect: 'Deny', Action: '*', Resource: '*', Condition }];
  try {
    await requireFence(deps.store, ref);
    await client.putPolicy(policyName, { Version: '2012-10-17', Statement });
    await say(work, `a policy of ${user} denies those issued before ${before}, within minutes`, offAt);
  } catch (error) {
    if (!isForbidden(error)) throw error;
    await say(work, `those of ${user} stay usable until they expire: Keyturn has no iam:PutUserPolicy on it`, offAt);
  }
}

/**
 * After the propagation delay: puts the policy back where somebody took it away, and looks for a key that was made while the leaked one still
 * worked here and there.
 * @throws ApplicationFailure of type NeedsDecision when there is one
 */
export async function lookAgain(work: AwsWork, listed: readonly ListedKey[]): Promise<void> {
  const { deps, client, connection, ref } = work;
  const offAt = (await deps.store.evidence(ref)).findLast(({ kind }) => kind === 'sessions')?.providerTime;
  const stands = await client.hasPolicy(policyName).catch((error: unknown) => {
    if (isForbidden(error)) return null;
    throw error;
  });
  if (stands === false) await denySessions(work, offAt);
  if (stands === true)
    await say(work, `the policy ${policyName} of ${connection.user} was there when looked at again`, offAt);
  const known = await knownIds(deps);
  const since = (offAt ?? 0) * 1000 - skewMs;
  const strangers = listed.filter(({ id, createdAt }) => !known.has(id) && (createdAt?.getTime() ?? since) >= since);
  if (strangers.length > 0) throw madeMeanwhile(strangers, connection.user);
}

function say({ deps: { store }, ref }: AwsWork, what: string, providerTime: number | undefined): Promise<unknown> {
  const detail = `temporary credentials: ${what}; ${ofRoles}`;
  return recordFinding(store, ref, {
    ...{ kind: 'sessions', outcome: 'not-observable', detail },
    ...(providerTime !== undefined && { providerTime }),
  });
}

function madeMeanwhile(strangers: readonly ListedKey[], user: string): Error {
  const ids = strangers.map(({ id }) => id).join(', ');
  return needsDecision(
    `${ids} of ${user} was made while the leaked key still worked here and there, and not by Keyturn: delete it in IAM unless you know whose it is, then retry`,
  );
}
