import type { AwsActivities } from '../../../activities/aws/own.js';
import type { Entry, Secrets } from '../../../activities/kit/provider.js';
import { aws as provider } from '../../../activities/aws/provider.js';
import { endpoints } from '../../../activities/aws/requests.js';
import type { Pair } from '../../../activities/aws/client.js';
import { type AwsLab, type AwsLabOptions, startAwsLab } from '../../../src/lab/aws/server.js';
import { awsS3AccessKeys } from '../../../workflows/procedures/aws-s3-access-keys.js';
import type { IssuingFixture } from '../../contracts/issuing.js';
import type { Bench } from '../bench.js';

/** AWS's lab, and our activities pointed at it. */
export interface AwsFixture {
  readonly lab: AwsLab;
  readonly aws: AwsActivities;
  /** What the configuration says; change it to point elsewhere. */
  readonly account: {
    admin: Pair;
    exclusive: boolean;
    bucket: string;
    propagationMs: number;
    usageResolutionMs: number;
  };
  readonly entry: () => Entry;
  readonly secret: Secrets;
}

export async function startAwsFixture(bench: Bench, options: AwsLabOptions = {}): Promise<AwsFixture> {
  const lab = await startAwsLab(options);
  const { url, account: number, user } = lab;
  const account: AwsFixture['account'] = {
    ...{ bucket: lab.bucket, exclusive: true, admin: lab.admin },
    ...{ propagationMs: options.propagationMs ?? 0, usageResolutionMs: 0 },
  };
  const seconds = (ms: number): string => `${ms / 1000} seconds`;
  const section = (): object => ({
    ...{ account: number, user, bucket: account.bucket, region: 'eu-central-1', exclusive: account.exclusive },
    ...{ propagation: seconds(account.propagationMs), usageResolution: seconds(account.usageResolutionMs) },
    admin: { accessKeyId: account.admin.id, secretAccessKey: { file: './admin' } },
    endpoints: { iam: url, sts: url, s3: url },
  });
  const entry = (): Entry => ({ section: section(), engine: {}, procedure: awsS3AccessKeys });
  const secret: Secrets = async () => account.admin.secret;
  return { lab, aws: provider.activities({ store: bench.store, secret, entry }), account, entry, secret };
}

export async function awsProvider(bench: Bench, options: AwsLabOptions): Promise<IssuingFixture> {
  const { lab, aws: activities, account, entry, secret } = await startAwsFixture(bench, options);
  const { admin: valid, powerless } = lab;
  const admins = { valid, wrong: { ...valid, secret: `wrong-${valid.secret}` }, powerless };
  const working = () => lab.keys().filter(({ works }) => works);
  return {
    ...{ lab, provider, activities, entry, secret, list: 'listed', lost: 'deleted', twins: null },
    verbs: {
      create: activities.create,
      accepts: activities.accepts,
      async destroy(version) {
        await activities.deactivate(version);
        await activities.remove(version);
      },
      refuses: activities.refuses,
    },
    creates: endpoints.createKey,
    destroys: endpoints.deleteKey,
    useAdmin: (which) => void (account.admin = admins[which]),
    working: () => working().map(({ secret: value }) => value),
    secrets: () => [...Object.values(admins), ...lab.keys()].map(({ secret: value }) => value),
    createByHand() {
      const { id, secret: value } = lab.createByHand();
      return { id, secret: value };
    },
    kill: ({ id = '' }) => lab.deleteByHand(id),
    use: ({ id = '' }) => lab.use(id),
  };
}
