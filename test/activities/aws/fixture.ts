import type { AwsActivities } from '../../../activities/aws/own.js';
import { aws as provider } from '../../../activities/aws/provider.js';
import { endpoints } from '../../../activities/aws/requests.js';
import type { Pair } from '../../../activities/aws/client.js';
import { type AwsLab, type AwsLabOptions, startAwsLab } from '../../../src/lab/aws/server.js';
import { awsS3AccessKeys } from '../../../workflows/procedures/aws-s3-access-keys.js';
import type { ProviderFixture } from '../../contracts/provider.js';
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
  /** The `provider` section of the configuration. */
  section(): object;
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
  const aws = provider.activities({
    store: bench.store,
    secret: async () => account.admin.secret,
    entry: () => ({ section: section(), engine: {}, procedure: awsS3AccessKeys }),
  });
  return { lab, aws, account, section };
}

export async function awsProvider(bench: Bench, options: AwsLabOptions): Promise<ProviderFixture> {
  const { lab, aws, account } = await startAwsFixture(bench, options);
  const { admin: valid, powerless } = lab;
  const admins = { valid, wrong: { ...valid, secret: `wrong-${valid.secret}` }, powerless };
  return {
    lab,
    verbs: {
      create: aws.create,
      accepts: aws.accepts,
      async destroy(version) {
        await aws.deactivate(version);
        await aws.remove(version);
      },
      refuses: aws.refuses,
    },
    lost: 'deleted',
    creates: endpoints.createKey,
    destroys: endpoints.deleteKey,
    useAdmin: (which) => void (account.admin = admins[which]),
    working: () =>
      lab
        .keys()
        .filter(({ works }) => works)
        .map(({ secret }) => secret),
    secrets: () => [...Object.values(admins), ...lab.keys()].map(({ secret }) => secret),
  };
}
