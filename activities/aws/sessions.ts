import type { Work } from '../kit/recovery.js';
import { recordFinding } from '../shared/evidence.js';
import { fenced } from '../shared/fencing.js';
import { needsDecision } from '../shared/failures.js';
import type { AwsAccount } from './account.js';
import { isForbidden } from './refusals.js';

type AwsWork = Work<AwsAccount>;

const policyName = 'keyturn-deny-sessions';
const skewMs = 60_000; // AWS's servers record times, each by its own clock

/** Not covered by a policy of the user: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html */
const ofRoles =
  'sessions of roles that it assumed stay valid until they expire, up to 12 hours: revoke them at the role';

/**
 * Denies the temporary credentials that were issued with a key: they outlive it by up to 36 hours. The policy takes effect within
 * minutes, and that cannot be observed, so the finding is `not-observable`. `offAt`: when the key was deactivated, Unix seconds by
 * AWS's clock.
 */
export async function denySessions(work: AwsWork, offAt: number | undefined): Promise<void> {
  const { store, account, ref } = work;
  const { client, owner: user, propagationMs } = account;
  const now = (client.providerTime ?? Math.floor(Date.now() / 1000)) + 1; // AWS shows whole seconds
  const before = new Date(now * 1000 + propagationMs).toISOString();
  const Condition = { DateLessThan: { 'aws:TokenIssueTime': before } };
  const Statement = [{ Effect: 'Deny', Action: '*', Resource: '*', Condition }];
  try {
    await fenced(store, ref, () => client.putPolicy(policyName, { Version: '2012-10-17', Statement }));
    await say(work, `a policy of ${user} denies those issued before ${before}, within minutes`, offAt);
  } catch (error) {
    if (!isForbidden(error)) throw error;
    await say(work, `those of ${user} stay valid until they expire: Keyturn has no iam:PutUserPolicy on it`, offAt);
  }
}

/**
 * Checks again after the propagation delay: restores a removed policy, and looks for keys that were created while some servers still
 * accepted the leaked one.
 * @throws ApplicationFailure of type NeedsDecision when there is one
 */
export async function checkAgain(work: AwsWork): Promise<void> {
  const { store, account, ref } = work;
  const { client, owner: user } = account;
  const listed = await client.keys();
  const offAt = (await store.evidence(ref)).findLast(({ kind }) => kind === 'sessions')?.providerTime;
  const hasPolicy = await client.hasPolicy(policyName).catch((error: unknown) => {
    if (isForbidden(error)) return null;
    throw error;
  });
  if (hasPolicy === false) await denySessions(work, offAt);
  if (hasPolicy === true)
    await say(work, `the policy ${policyName} of ${user} was still there at a second check`, offAt);
  const known = new Set((await store.versions()).map(({ providerId }) => providerId));
  const since = (offAt ?? 0) * 1000 - skewMs;
  const strangers = listed.filter(({ id, createdAt }) => !known.has(id) && (createdAt?.getTime() ?? since) >= since);
  const ids = strangers.map(({ id }) => id).join(', ');
  if (strangers.length > 0)
    throw needsDecision(
      `${ids} of ${user} was created while the leaked key still worked at some servers, and not by Keyturn: delete it in IAM unless you know its owner, then retry`,
    );
}

function say({ store, ref }: AwsWork, what: string, providerTime: number | undefined): Promise<unknown> {
  const detail = `temporary credentials: ${what}; ${ofRoles}`;
  return recordFinding(store, ref, {
    ...{ kind: 'sessions', outcome: 'not-observable', detail },
    ...(providerTime !== undefined && { providerTime }),
  });
}
