import type { Duration } from '../../domain/duration.js';
import { type AwsLab, type AwsLabOptions, startAwsLab } from '../aws/server.js';
import type { DocuElevateLab } from '../docuelevate/server.js';
import { docuElevateFor } from '../docuelevate/shared.js';
import type { EnvironmentOptions } from '../docuelevate/environment.js';
import type { Gap, Received, Scenario, ScenarioOptions } from '../scenario.js';

const settings = ['aws_access_key_id', 'aws_secret_access_key'] as const;

export interface AwsScenarioOptions
  extends ScenarioOptions, AwsLabOptions, Pick<EnvironmentOptions, 'database' | 'openAiBaseUrl' | 'openAiKey'> {
  /** What the configuration says about the lab's resolution. Default: 0 seconds, since the lab records every use. */
  readonly usageResolution?: Duration;
}

/** DocuElevate uploads to a bucket with the only key of its IAM user, which a person created in the console. */
export async function startAwsS3AccessKeys(options: AwsScenarioOptions = {}): Promise<Scenario> {
  // In whole minutes, a document's use would hide behind our own probe on a quick machine, and a rotation would wait
  // for it.
  const aws = await startAwsLab({ usageStepMs: 1000, ...options });
  const { id, secret } = aws.createByHand();
  const s3 = { endpoint: aws.url, bucket: aws.bucket, id, secret };
  const docuelevate = await docuElevateFor({ ...options, s3 });
  const [held, heldSecret] = settings.map((key) => () => docuelevate.workerHolds(key));
  const keys = () => [...aws.keys(), ...aws.others()];
  return {
    systems: { docuelevate, aws },
    credential: 's3',
    config: configOf({ docuelevate, aws }, options),
    secretFiles: { 'docuelevate-admin': docuelevate.adminPassword, 'aws-admin': aws.admin.secret },
    adopted: { id, secret },
    consume: () => docuelevate.useS3(),
    gaps: () => gapsIn({ docuelevate, aws }, { id, secret }),
    engineHolds: () => keys().find((key) => key.id === held?.() && key.secret === heldSecret?.())?.secret ?? null,
    working: () =>
      aws
        .keys()
        .filter(({ works }) => works)
        .map((key) => key.secret),
    received: () => receivedBy({ docuelevate, aws }),
    secrets: () => [
      ...[docuelevate.adminPassword, docuelevate.apiToken, aws.admin.secret, aws.powerless.secret],
      ...keys().map((key) => key.secret),
    ],
    stop: async () => {
      await Promise.all([docuelevate.stop(), aws.stop()]);
    },
  };
}

interface Systems {
  readonly docuelevate: DocuElevateLab;
  readonly aws: AwsLab;
}

/** Times in which the halves that the engine held did not belong together. */
function gapsIn(
  { docuelevate, aws }: Systems,
  { id, secret }: { readonly id: string; readonly secret: string },
): Gap[] {
  const pairs = new Map([...aws.keys(), ...aws.others()].map((key) => [key.id, key.secret]));
  const held: Record<string, string | null> = { aws_access_key_id: id, aws_secret_access_key: secret };
  const gaps: Gap[] = [];
  let from: number | null = null;
  for (const { key, value, at } of docuelevate.writes()) {
    held[key] = value;
    const fits = pairs.get(held['aws_access_key_id'] ?? '') === held['aws_secret_access_key'];
    if (!fits) from ??= at;
    else if (from !== null) {
      gaps.push({ from, to: at });
      from = null;
    }
  }
  return from === null ? gaps : [...gaps, { from, to: Number.POSITIVE_INFINITY }];
}

/** Paths of uploads that the engine makes for documents and for the consumer. */
const enginesOwn = /^\/[^/]+\/documents\//;

function receivedBy({ docuelevate, aws }: Systems): Received[] {
  const provider = aws.requests.filter(({ path }) => !enginesOwn.test(path));
  return [
    ...provider.map((request) => ({ ...request, system: systemOf(request.path) })),
    ...docuelevate.requests.map((request) => ({ ...request, system: 'docuelevate' })),
  ].sort((a, b) => a.at - b.at);
}

/** The lab has on one address what AWS has on three. */
function systemOf(path: string): string {
  if (!path.startsWith('/?Action=')) return 's3';
  return path.endsWith('GetCallerIdentity') ? 'sts' : 'iam';
}

function configOf(
  { docuelevate, aws }: Systems,
  { usageResolution = '0 seconds' }: AwsScenarioOptions,
): Scenario['config'] {
  const { url, adminUsername: username } = docuelevate;
  const provider = {
    ...{ account: aws.account, user: aws.user, bucket: aws.bucket, region: 'us-east-1', exclusive: true },
    admin: { accessKeyId: aws.admin.id, secretAccessKey: { file: './aws-admin' } },
    endpoints: { iam: aws.url, sts: aws.url, s3: aws.url },
    ...{ propagation: '0 seconds', usageResolution }, // the lab accepts new keys and refuses deleted ones at once
  };
  return {
    engines: { docs: { kind: 'docuelevate', url, admin: { username, password: { file: './docuelevate-admin' } } } },
    credentials: { s3: { procedure: 'aws-s3-access-keys', engine: 'docs', provider, pause: '0 seconds' } },
  };
}
