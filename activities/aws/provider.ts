import { durationMs } from '../../src/domain/duration.js';
import { usageDataOf } from '../../src/fields/usage.js';
import { defineProvider } from '../kit/provider.js';
import { AwsAccount, awsIdentity } from './account.js';
import { createAwsActivities } from './activities.js';
import { awsAddresses } from './addresses.js';
import { awsListing } from './listing.js';
import { awsRequests } from './requests.js';

export const aws = defineProvider({
  system: 'aws',
  name: 'AWS',
  section: AwsAccount,
  identity: awsIdentity,
  addresses: awsAddresses,
  exclusive: true,
  usage: usageDataOf,
  shown: [
    { field: 'bucket', setting: 's3_bucket_name' },
    { field: 'prefix', setting: 's3_folder_prefix', as: (text) => (text.endsWith('/') ? text : `${text}/`) },
    { field: 'region', setting: 'aws_region', unset: 'us-east-1' },
  ],
  connect({ admin, propagation, usageResolution, ...connection }, secret) {
    const pair = admin && (async () => ({ id: admin.accessKeyId, secret: await secret(admin.secretAccessKey) }));
    const times = { propagationMs: durationMs(propagation), usageResolutionMs: durationMs(usageResolution) };
    return { ...connection, ...times, admin: pair ?? null };
  },
  activities: createAwsActivities,
  requests: awsRequests,
  listing: awsListing,
});
