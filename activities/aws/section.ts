import { z } from 'zod';
import { DurationText, HttpUrl } from '../../src/fields/fields.js';
import { usageFields } from '../../src/fields/usage.js';
import { SecretRef } from '../../src/fields/secret-ref.js';

/** `eu-central-1`, `us-gov-west-1`, `eusc-de-east-1` */
export const regionShape = /^[a-z]{2,8}(-[a-z]{1,16}){1,3}-\d{1,2}$/;

const Endpoints = z
  .strictObject({ iam: HttpUrl.optional(), sts: HttpUrl.optional(), s3: HttpUrl.optional() })
  .describe("Addresses to use instead of AWS's own, for instance of private endpoints.");

const Admin = z
  .strictObject({
    accessKeyId: z.string().min(16).describe('Id of an access key.'),
    secretAccessKey: SecretRef.describe('Its secret.'),
  })
  .describe(
    'An access key that manages the keys, never one of the service user itself. Default: the role of this machine. Needed on the user: iam:CreateAccessKey, ListAccessKeys, UpdateAccessKey and DeleteAccessKey, with iam:GetAccessKeyLastUsed. In emergencies: iam:PutUserPolicy and GetUserPolicy. For keyturn check: iam:SimulatePrincipalPolicy, and iam:GetUser where the user has a path.',
  );

/** The `provider` section of an AWS credential. */
export const AwsSection = z.strictObject({
  account: z
    .string()
    .regex(/^\d{12}$/, 'an account id has 12 digits; write it in quotes')
    .describe('The AWS account: 12 digits, in quotes.'),
  user: z
    .string()
    .regex(/^[\w+=,.@-]{1,64}$/, 'the name of an IAM user, without its path')
    .describe('The IAM user whose access keys only the engine uses.'),
  bucket: z
    .string()
    .min(3)
    .describe('The bucket that the engine uploads to. Checks write, read and delete an object in it.'),
  prefix: z
    .string()
    .regex(/^([^/]+\/)*$/, 'a prefix ends with a slash')
    .default('')
    .describe('Prefix in the bucket that the user may write to. Ends with a slash. Default: the whole bucket.'),
  region: z
    .string()
    .regex(regionShape, 'the name of a region, such as eu-central-1')
    .describe('The region of the bucket.'),
  exclusive: z
    .boolean()
    .default(false)
    .describe(
      'Only Keyturn creates access keys for this user. The orphan of an interrupted attempt is then deleted without asking. Needed because AWS keys have no names.',
    ),
  admin: Admin.optional(),
  endpoints: Endpoints.prefault({}),
  propagation: DurationText.prefault('60 seconds').describe(
    'Propagation delay: how long a change of a key may take until all servers of AWS know it, usually 4 to 15 seconds.',
  ),
  ...usageFields,
});
export type AwsSection = z.infer<typeof AwsSection>;
