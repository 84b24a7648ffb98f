import { z } from 'zod';
import { DurationText, HttpUrl } from '../../src/fields/fields.js';
import { usageFields } from '../../src/fields/usage.js';
import { SecretRef } from '../../src/fields/secret-ref.js';

/** `eu-central-1`, `us-gov-west-1`, `eusc-de-east-1` */
export const regionShape = /^[a-z]{2,8}(-[a-z]{1,16}){1,3}-\d{1,2}$/;

const Endpoints = z
  .strictObject({ iam: HttpUrl.optional(), sts: HttpUrl.optional(), s3: HttpUrl.optional() })
  .describe("Other addresses than AWS's own, for instance of private endpoints.");

const Admin = z
  .strictObject({
    accessKeyId: z.string().min(16).describe('Id of an access key.'),
    secretAccessKey: SecretRef.describe('Its secret.'),
  })
  .describe(
    'An access key that manages the keys, never one of the service user itself. Left out: the role of this machine. Needed on the user: iam:CreateAccessKey, ListAccessKeys, UpdateAccessKey and DeleteAccessKey, with iam:GetAccessKeyLastUsed. In emergencies: iam:PutUserPolicy and GetUserPolicy. For keyturn check: iam:SimulatePrincipalPolicy, and iam:GetUser where the user has a path.',
  );

/** The `provider` section of an AWS credential. */
export const AwsAccount = z.strictObject({
  account: z
    .string()
    .regex(/^\d{12}$/, 'an account id has 12 digits; write it in quotes')
    .describe('The AWS account: 12 digits, in quotes.'),
  user: z
    .string()
    .regex(/^[\w+=,.@-]{1,64}$/, 'the name of an IAM user, without its path')
    .describe('The IAM user whose access keys the engine uses, and nobody else.'),
  bucket: z.string().min(3).describe('The bucket that the engine uploads to; an object is written, read and deleted.'),
  prefix: z
    .string()
    .regex(/^([^/]+\/)*$/, 'a prefix ends with a slash')
    .default('')
    .describe('Where in the bucket that user may write, if not everywhere: it ends with a slash.'),
  region: z
    .string()
    .regex(regionShape, 'the name of a region, such as eu-central-1')
    .describe('The region of the bucket.'),
  exclusive: z
    .boolean()
    .default(false)
    .describe(
      'Nobody but Keyturn makes access keys for this user: then one that an interrupted attempt left behind is deleted without asking. AWS gives keys no names.',
    ),
  admin: Admin.optional(),
  endpoints: Endpoints.prefault({}),
  propagation: DurationText.prefault('60 seconds').describe(
    'How long a change of a key may take until it is known everywhere at AWS: 4 to 15 seconds as a rule.',
  ),
  ...usageFields,
});
export type AwsAccount = z.infer<typeof AwsAccount>;

/** Tells one service user from another. */
export function awsIdentity({ account, user, endpoints }: AwsAccount): string {
  return `${endpoints.iam ?? 'https://iam.amazonaws.com'} ${account} ${user}`;
}
