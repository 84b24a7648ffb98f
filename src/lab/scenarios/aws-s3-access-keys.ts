import { awsS3AccessKeys } from '../../../workflows/procedures/aws-s3-access-keys.js';
import type { Duration } from '../../domain/duration.js';
import { type AwsLab, type AwsLabOptions, startAwsLab } from '../aws/server.js';
import type { EnvironmentOptions } from '../docuelevate/environment.js';
import { labOf } from '../provider-lab.js';
import type { ScenarioOptions } from '../scenario.js';

export interface AwsScenarioOptions
  extends ScenarioOptions, AwsLabOptions, Pick<EnvironmentOptions, 'database' | 'openAiBaseUrl' | 'openAiKey'> {
  /** What the configuration says about the lab's resolution. Default: 0 seconds, since the lab records every use. */
  readonly usageResolution?: Duration;
}

/** DocuElevate uploads to a bucket with the only key of its IAM user, which a person created in the console. */
export const awsLab = labOf<AwsLab, AwsScenarioOptions>({
  procedure: awsS3AccessKeys,
  ...{ name: 'aws', credential: 's3' },
  // In whole minutes, a document's use would hide behind our own probe on a quick machine, and a rotation would wait
  // for it.
  start: (options) => startAwsLab({ usageStepMs: 1000, ...options }),
  adopt(aws) {
    const { id, secret } = aws.createByHand();
    return { id, secret };
  },
  engine: ({ url: endpoint, bucket }, { id = '', secret = '' }) => ({ s3: { endpoint, bucket, id, secret } }),
  use: 's3',
  entry: ({ url, account, user, bucket, admin }, { usageResolution = '0 seconds' }) => ({
    provider: {
      ...{ account, user, bucket, region: 'us-east-1', exclusive: true },
      admin: { accessKeyId: admin.id, secretAccessKey: { file: './aws-admin' } },
      endpoints: { iam: url, sts: url, s3: url },
      ...{ propagation: '0 seconds', usageResolution }, // the lab accepts new keys and refuses deleted ones at once
    },
    pause: '0 seconds',
  }),
  secretFiles: ({ admin }) => ({ 'aws-admin': admin.secret }),
  enginesOwn: ({ path }) => /^\/[^/]+\/documents\//.test(path),
  declared: (path) => ({ system: systemOf(path) }),
  secrets: (aws) => [aws.powerless.secret, ...everyKey(aws).map(({ secret }) => secret)],
  valueFrom: ({ id, secret }, aws) =>
    everyKey(aws).find((key) => key.id === id && key.secret === secret)?.secret ?? null,
  /** A colleague's own key may write to the bucket as well. */
  populate(aws) {
    const [{ id, secret } = { id: '', secret: '' }] = aws.others();
    return { own: { id, secret }, values: [secret] };
  },
  issued: (aws) => [
    ...aws.others().map(({ id, secret, works }) => ({ value: secret, label: id, alive: works })),
    ...aws.keys().map(({ id, secret, active, deleted, ours }) => ({
      ...{ value: secret, label: id, alive: active && !deleted, ...(ours && { nameless: true as const }) },
    })),
  ],
  kill: (aws, { id = '' }) => aws.deleteByHand(id),
  falseSuccess: () => ({
    // it confirms every kind of change
    body: () => '<UpdateAccessKeyResponse><DeleteAccessKeyResponse/></UpdateAccessKeyResponse>',
    probe: '/{bucket}/{object}',
  }),
});

export const startAwsS3AccessKeys = awsLab.start;

function everyKey(aws: AwsLab) {
  return [...aws.keys(), ...aws.others()];
}

/** The lab has on one address what AWS has on three. */
function systemOf(path: string): string {
  if (!path.startsWith('/?Action=')) return 's3';
  return path.endsWith('GetCallerIdentity') ? 'sts' : 'iam';
}
