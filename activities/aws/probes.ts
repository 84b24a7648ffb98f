import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import { requireFence } from '../shared/fencing.js';
import { OutsideError } from '../shared/outside-error.js';
import { permanent } from '../shared/failures.js';
import { acceptedBy, type Prober, refusedAt, type ProbeVerdict } from '../shared/probes.js';
import type { AwsDeps } from './activities.js';
import { type AwsClient, type AwsConnection, type Pair } from './client.js';
import { contextOf } from './lost.js';
import { isForbidden, isMisfit, isUnknownKey } from './refusals.js';

/** How to ask AWS about a key. Services learn of a change at different times, so two are asked. */
export const question = {
  name: 'AWS',
  request: 'GetCallerIdentity and GET of an object',
  refusal: '403 InvalidClientTokenId and 403 InvalidAccessKeyId',
} as const satisfies Partial<Prober>;

export async function acceptsKey(deps: AwsDeps, ref: VersionRef): Promise<Finding> {
  const { client, connection } = await contextOf(deps, ref);
  return acceptedBy(acceptance(client, connection, objectName(deps, connection, ref)), deps.store, ref);
}

export async function refusesKey(deps: AwsDeps, ref: VersionRef): Promise<Finding> {
  const { client, connection } = await contextOf(deps, ref);
  const name = objectName(deps, connection, ref);
  const ask = (parts: Parts): Promise<ProbeVerdict> => anywhere(client, connection, { pair: pairIn(parts), name });
  return refusedAt({ ...question, propagationMs: connection.propagationMs, ask }, deps.store, ref);
}

/** Uses the real bucket. An object that cannot be read or deleted stays, and the next one overwrites it. */
export async function writesObject(deps: AwsDeps, ref: VersionRef): Promise<Finding> {
  const { store } = deps;
  const { client, connection } = await contextOf(deps, ref);
  const name = objectName(deps, connection, ref);
  const content = `Keyturn tests version ${ref.number} of ${ref.credential}`;
  async function ask(parts: Parts): Promise<ProbeVerdict> {
    const pair = pairIn(parts);
    return verdictFrom(client, async () => {
      await requireFence(store, ref);
      await client.putObject(pair, name, content).catch((error: unknown) => {
        throw isForbidden(error) ? mayNotWrite(connection) : error;
      });
      const read = await client.getObject(pair, name);
      if (read !== content)
        throw permanent('Rejected', `${connection.bucket} returned something else than was written`);
      await requireFence(store, ref);
      await client.deleteObject(pair, name);
    });
  }
  const request = 'PUT, GET and DELETE of an object';
  return acceptedBy({ ...question, request, propagationMs: connection.propagationMs, ask }, store, ref);
}

/** Asks whether both services accept a key. */
export function acceptance(client: AwsClient, connection: AwsConnection, name: string): Prober {
  const { propagationMs } = connection;
  const ask = (parts: Parts): Promise<ProbeVerdict> => everywhere(client, connection, { pair: pairIn(parts), name });
  return { ...question, propagationMs, ask };
}

/** The same for every version, so that at most one object is ever left behind. */
export function objectName({ store }: AwsDeps, { prefix }: AwsConnection, { credential }: VersionRef): string {
  return `${prefix}keyturn-probe-${store.installation.slice(0, 8)}-${credential}`;
}

type Parts = Readonly<Record<string, string>>;

interface Probe {
  readonly pair: Pair;
  readonly name: string;
}

async function everywhere(client: AwsClient, connection: AwsConnection, probe: Probe): Promise<ProbeVerdict> {
  const atSts = await byIdentity(client, connection, probe);
  return atSts.verdict === 'refused' ? atSts : byObject(client, probe);
}

/** A key is refused when no service accepts it. */
async function anywhere(client: AwsClient, connection: AwsConnection, probe: Probe): Promise<ProbeVerdict> {
  const atSts = await byIdentity(client, connection, probe);
  return atSts.verdict === 'refused' ? byObject(client, probe) : atSts;
}

/** AWS accepts keys of other users as well, so the owner is checked. */
function byIdentity(client: AwsClient, { account, user }: AwsConnection, { pair }: Probe): Promise<ProbeVerdict> {
  return verdictFrom(client, async () => {
    const arn = await client.identify(pair);
    const [, owner, name] = /^arn:aws[\w-]*:iam::(\d{12}):user\/(?:[^/]+\/)*([^/]+)$/.exec(arn) ?? [];
    if (owner !== account || name !== user)
      throw permanent('Rejected', `the key belongs to ${arn}, not to the user ${user} of account ${account}`);
  });
}

/** Reads an object that does not exist. Once S3 knows the key, it answers "not found" or "forbidden". */
function byObject(client: AwsClient, { pair, name }: Probe): Promise<ProbeVerdict> {
  return verdictFrom(client, () => client.getObject(pair, name));
}

async function verdictFrom(client: AwsClient, ask: () => Promise<unknown>): Promise<ProbeVerdict> {
  const say = (verdict: ProbeVerdict['verdict']): ProbeVerdict => ({ verdict, providerTime: client.providerTime });
  try {
    await ask();
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

function mayNotWrite({ user, bucket, prefix }: AwsConnection): Error {
  return permanent('Rejected', `${user} may not write to ${bucket}/${prefix} (403), so neither could the engine`);
}
