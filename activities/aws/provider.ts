import { createRequire } from 'node:module';
import { usageDataOf } from '../../src/fields/usage.js';
import { defineIssuing } from '../kit/issuing.js';
import { awsAccount } from './account.js';
import { AwsClient } from './client.js';
import { ownActivities } from './own.js';
import { question } from './probes.js';
import { ownRequests, requests } from './requests.js';
import { makeRoom } from './room.js';
import { AwsSection } from './section.js';

export const aws = defineIssuing({
  ...{ system: 'aws', name: 'AWS', section: AwsSection, exclusive: true },
  identity: ({ account, user, endpoints }) => `${endpoints.iam ?? 'https://iam.amazonaws.com'} ${account} ${user}`,
  addresses: awsAddresses,
  usage: usageDataOf,
  shown: [
    { field: 'bucket', setting: 's3_bucket_name' },
    { field: 'prefix', setting: 's3_folder_prefix', as: (text) => (text.endsWith('/') ? text : `${text}/`) },
    { field: 'region', setting: 'aws_region', unset: 'us-east-1' },
  ],
  ...{ question, recovers: 'absence', requests, makeRoom },
  more: { activities: ownActivities, requests: ownRequests },
  open(section, secret) {
    const { admin } = section;
    const pair = admin && (async () => ({ id: admin.accessKeyId, secret: await secret(admin.secretAccessKey) }));
    return awsAccount(new AwsClient(section, pair ?? null));
  },
});

/** Loads the client libraries only when needed: every command reads the configuration. */
const load = createRequire(import.meta.url);

interface Provided {
  readonly config: {
    readonly endpointProvider: (asked: { Region: string; UseDualStack: boolean; UseFIPS: boolean }) => {
      readonly url: URL;
    };
  };
}
type Clients = Readonly<Record<string, new (settings: { region: string }) => Provided>>;

/** Base address of every service, by the client library's rules for the region: partitions have their own domains. */
function awsAddresses({ region, endpoints }: Pick<AwsSection, 'region' | 'endpoints'>) {
  const addressOf = (library: string, client: string): string => {
    const Client = (load(library) as Clients)[client];
    if (!Client) throw new Error(`${library} has no ${client}`);
    const { endpointProvider } = new Client({ region }).config;
    return endpointProvider({ Region: region, UseDualStack: false, UseFIPS: false }).url.origin;
  };
  return {
    iam: endpoints.iam ?? addressOf('@aws-sdk/client-iam', 'IAMClient'),
    sts: endpoints.sts ?? addressOf('@aws-sdk/client-sts', 'STSClient'),
    s3: endpoints.s3 ?? addressOf('@aws-sdk/client-s3', 'S3Client'),
  };
}
