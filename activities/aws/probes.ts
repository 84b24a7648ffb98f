import type { Asking } from '../kit/account.js';
import type { Parts } from '../kit/provider.js';
import { permanent } from '../shared/failures.js';
import { OutsideError } from '../shared/outside-error.js';
import type { ProbeVerdict } from '../shared/probes.js';
import type { AwsClient, Pair } from './client.js';
import { isForbidden, isMisfit, isUnknownKey } from './refusals.js';

export const question = {
  request: 'GetCallerIdentity and GET of an object',
  refusal: '403 InvalidClientTokenId and 403 InvalidAccessKeyId',
} as const;

/** Services learn of a change at different times, so two are asked: each has to accept the key, or each to refuse it. */
export async function ask(client: AwsClient, parts: Parts, { expected, mark }: Asking): Promise<ProbeVerdict> {
  const pair = pairIn(parts);
  const atSts = await verdictFrom(client, () => requireOwner(client, pair));
  const isDecided = (atSts.verdict === 'refused') === (expected === 'accepted');
  // An object that does not exist: once S3 knows the key, it answers "not found" or "forbidden".
  return isDecided ? atSts : verdictFrom(client, () => client.getObject(pair, client.section.prefix + mark));
}

/** Uses the real bucket. An object that cannot be read or deleted stays, and the next one overwrites it. */
export function writeObject(
  client: AwsClient,
  parts: Parts,
  [mark, content]: readonly [string, string],
): Promise<ProbeVerdict> {
  const pair = pairIn(parts);
  const { user, bucket, prefix } = client.section;
  const name = prefix + mark;
  return verdictFrom(client, async () => {
    await client.putObject(pair, name, content).catch((error: unknown) => {
      const why = `${user} may not write to ${bucket}/${prefix} (403), so neither could the engine`;
      throw isForbidden(error) ? permanent('Rejected', why) : error;
    });
    if ((await client.getObject(pair, name)) !== content)
      throw permanent('Rejected', `${bucket} returned something else than was written`);
    await client.deleteObject(pair, name);
  });
}

/** AWS accepts keys of other users as well, so the owner is checked. */
async function requireOwner(client: AwsClient, pair: Pair): Promise<void> {
  const { account, user } = client.section;
  const arn = await client.identify(pair);
  const [, owner, name] = /^arn:aws[\w-]*:iam::(\d{12}):user\/(?:[^/]+\/)*([^/]+)$/.exec(arn) ?? [];
  if (owner !== account || name !== user)
    throw permanent('Rejected', `the key belongs to ${arn}, not to the user ${user} of account ${account}`);
}

async function verdictFrom(client: AwsClient, inquire: () => Promise<unknown>): Promise<ProbeVerdict> {
  const say = (verdict: ProbeVerdict['verdict']): ProbeVerdict => ({ verdict, providerTime: client.providerTime });
  try {
    await inquire();
    return say('accepted');
  } catch (error) {
    if (isUnknownKey(error)) return say('refused');
    if (isForbidden(error)) return say('restricted');
    if (isMisfit(error))
      throw permanent(
        'Rejected',
        'AWS knows the id of the key, but the signature does not match (403): the secret is wrong, or a proxy changes requests',
      );
    if (error instanceof OutsideError && error.code === 'NoSuchKey') return say('accepted');
    if (error instanceof OutsideError && error.code === 'NoSuchBucket')
      throw permanent('Rejected', 'S3 has no such bucket (404): check its name and region in the configuration');
    throw error;
  }
}

function pairIn({ id = '', secret = '' }: Parts): Pair {
  return { id, secret };
}
