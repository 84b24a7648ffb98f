import { type AwsActivities, createAwsActivities } from '../../../activities/aws/activities.js';
import type { AwsConnection, Pair } from '../../../activities/aws/client.js';
import { endpoints } from '../../../activities/aws/requests.js';
import { type AwsLab, type AwsLabOptions, startAwsLab } from '../../../src/lab/aws/server.js';
import type { ProviderFixture } from '../../contracts/provider.js';
import type { Bench } from '../bench.js';

/** AWS's lab, and our activities pointed at it. */
export interface AwsFixture {
  readonly lab: AwsLab;
  readonly aws: AwsActivities;
  /** What the configuration says; change it to point elsewhere. */
  readonly account: Omit<AwsConnection, keyof Changeable> & Changeable;
}

interface Changeable {
  admin: Pair;
  exclusive: boolean;
  bucket: string;
  propagationMs: number;
  usageResolutionMs: number;
}

export async function startAwsFixture(bench: Bench, options: AwsLabOptions = {}): Promise<AwsFixture> {
  const lab = await startAwsLab(options);
  const { url, account: number, user, bucket } = lab;
  const account: AwsFixture['account'] = {
    ...{ account: number, user, bucket, prefix: '', region: 'eu-central-1', exclusive: true, admin: lab.admin },
    endpoints: { iam: url, sts: url, s3: url },
    propagationMs: options.propagationMs ?? 0,
    usageResolutionMs: 0,
  };
  const aws = createAwsActivities({
    store: bench.store,
    async account() {
      const { admin, ...rest } = account;
      return { ...rest, admin: async () => admin };
    },
  });
  return { lab, aws, account };
}

export async function awsProvider(bench: Bench, options: AwsLabOptions): Promise<ProviderFixture> {
  const { lab, aws, account } = await startAwsFixture(bench, options);
  const { admin: valid, powerless } = lab;
  const admins = { valid, wrong: { ...valid, secret: `wrong-${valid.secret}` }, powerless };
  return {
    lab,
    verbs: {
      create: aws.createKey,
      accepts: aws.acceptsKey,
      async destroy(version) {
        await aws.deactivateKey(version);
        await aws.deleteKey(version);
      },
      refuses: aws.refusesKey,
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
