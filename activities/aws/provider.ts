import { usageDataOf } from '../../src/fields/usage.js';
import { defineIssuing } from '../kit/issuing.js';
import { awsAccount } from './account.js';
import { awsAddresses } from './addresses.js';
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
