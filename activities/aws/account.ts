import { durationMs } from '../../src/domain/duration.js';
import type { Issued, Listed, NamelessAccount, Target } from '../kit/account.js';
import type { Parts } from '../kit/provider.js';
import { passing } from '../shared/failures.js';
import { OutsideError } from '../shared/outside-error.js';
import type { LastUse } from '../shared/usage.js';
import { checkAccess } from './access.js';
import type { AwsClient, ListedKey } from './client.js';
import { ask } from './probes.js';
import { isForbidden } from './refusals.js';

/** A service user. It has at most two access keys, including inactive ones, and a key has no name. */
export interface AwsAccount extends NamelessAccount {
  readonly client: AwsClient;
}

export function awsAccount(client: AwsClient): AwsAccount {
  const { user: owner, exclusive, usageResolution } = client.section;
  const list = async (): Promise<Listed[]> => (await client.keys()).map(listed);
  return {
    ...{ client, owner, exclusive, list },
    propagationMs: client.propagationMs,
    usageResolutionMs: durationMs(usageResolution),
    get providerTime() {
      return client.providerTime;
    },
    ask: (parts, asking) => ask(client, parts, asking),
    check: (known) => checkAccess(client, known),
    issue: () => issue(client),
    revoke: (target) => revoke(client, target),
    find: async ({ id = '' }: Parts) => (await list()).filter((each) => each.id === id),
    lastUse: (id) => lastUse(client, id),
  };
}

function listed({ id, active, createdAt }: ListedKey): Listed {
  return {
    ...{ id, name: `${id || 'an entry that cannot be read'}${active ? '' : ' (inactive)'}` },
    shownAs: `${active ? 'active' : 'inactive'}, created ${createdAt?.toISOString() ?? 'at an unknown time'}`,
    ...(!active && { isDisabled: true }),
    ...(id === '' && { isUnreadable: true }),
  };
}

async function issue(client: AwsClient): Promise<Issued> {
  const { id, secret } = await client.createKey().catch((error: unknown) => {
    const isFull = error instanceof OutsideError && error.code === 'LimitExceededException';
    throw isFull ? passing('AWS counts a key that it does not list yet') : error; // by its list there is room
  });
  return { id, parts: { id, secret } };
}

async function revoke(client: AwsClient, { id, listed: before }: Target): Promise<void> {
  const wasThere = await client.deleteKey(id);
  if (!before && wasThere && (await client.keys()).some((key) => key.id === id))
    throw passing('AWS still lists the key that it deleted');
}

async function lastUse(client: AwsClient, id: string): Promise<LastUse> {
  try {
    const at = id === '' ? undefined : await client.lastUsed(id);
    return at === undefined ? 'AWS does not list it' : at;
  } catch (error) {
    if (isForbidden(error)) return 'Keyturn has no permission to read its last use (iam:GetAccessKeyLastUsed)';
    throw error;
  }
}
