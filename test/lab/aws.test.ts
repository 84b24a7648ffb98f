import {
  CreateAccessKeyCommand,
  DeleteAccessKeyCommand,
  GetAccessKeyLastUsedCommand,
  IAMClient,
  ListAccessKeysCommand,
  PutUserPolicyCommand,
  SimulatePrincipalPolicyCommand,
  UpdateAccessKeyCommand,
} from '@aws-sdk/client-iam';
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand, GetSessionTokenCommand, STSClient } from '@aws-sdk/client-sts';
import { type AwsLab, type AwsLabOptions, startAwsLab } from '../../src/lab/aws/server.js';
import type { Credentials } from '../../src/lab/aws/signature.js';
import { startDocuElevateLab } from '../../src/lab/docuelevate/server.js';

let now: number;
let lab: AwsLab;

async function start(options: AwsLabOptions = {}): Promise<void> {
  await lab?.stop();
  lab = await startAwsLab({ clock: () => now, ...options });
}
beforeEach(async () => {
  now = Date.now();
  await start();
});
afterAll(() => lab.stop());

const settings = ({ id, secret, token }: Credentials) => ({
  region: 'eu-central-1',
  endpoint: lab.url,
  maxAttempts: 1,
  credentials: { accessKeyId: id, secretAccessKey: secret, ...(token !== undefined && { sessionToken: token }) },
});
const iam = (who = lab.admin): IAMClient => new IAMClient(settings(who));
const sts = (who: Credentials): STSClient => new STSClient(settings(who));
const s3 = (who: Credentials): S3Client => new S3Client({ ...settings(who), forcePathStyle: true });
const put = (who: Credentials) =>
  s3(who).send(new PutObjectCommand({ Bucket: lab.bucket, Key: 'documents/a b.pdf', Body: 'content' }));
const who = (key: Credentials) => sts(key).send(new GetCallerIdentityCommand({}));
const make = () => iam().send(new CreateAccessKeyCommand({ UserName: lab.user }));
const switchTo = (key: Credentials, Status: 'Active' | 'Inactive') =>
  iam().send(new UpdateAccessKeyCommand({ UserName: lab.user, AccessKeyId: key.id, Status }));

it('makes a key whose secret is shown once, and which STS and S3 know', async () => {
  const { AccessKey: made } = await make();
  const { AccessKeyMetadata: listed } = await iam().send(new ListAccessKeysCommand({ UserName: lab.user }));
  const key = { id: made?.AccessKeyId ?? '', secret: made?.SecretAccessKey ?? '' };

  expect(listed).toMatchObject([{ AccessKeyId: key.id, Status: 'Active' }]);
  expect(listed?.[0]).not.toHaveProperty('SecretAccessKey');
  expect(await who(key)).toMatchObject({ Arn: `arn:aws:iam::${lab.account}:user/applications/${lab.user}` });
  await put(key);
  const read = await s3(key).send(new GetObjectCommand({ Bucket: lab.bucket, Key: 'documents/a b.pdf' }));
  expect(await read.Body?.transformToString()).toBe('content');
  await s3(key).send(new DeleteObjectCommand({ Bucket: lab.bucket, Key: 'documents/a b.pdf' }));
  expect(lab.objects()).toEqual([]);
});

it('refuses a third key, also beside one that is switched off', async () => {
  const first = lab.createByHand();
  await make();
  await switchTo(first, 'Inactive');

  await expect(make()).rejects.toMatchObject({ name: 'LimitExceededException', $metadata: { httpStatusCode: 409 } });
});

it.each([
  [
    'unknown',
    (key: Credentials) => ({ ...key, id: key.id.replace('AKIA', 'AKIB') }),
    'InvalidClientTokenId',
    'InvalidAccessKeyId',
  ],
  [
    'of another secret',
    (key: Credentials) => ({ ...key, secret: 'another' }),
    'SignatureDoesNotMatch',
    'SignatureDoesNotMatch',
  ],
])('names a key that is %s in the words of each service', async (_, spoil, atSts, atS3) => {
  const key = spoil(lab.createByHand());

  await expect(who(key)).rejects.toMatchObject({ name: atSts, $metadata: { httpStatusCode: 403 } });
  await expect(put(key)).rejects.toMatchObject({ name: atS3, $metadata: { httpStatusCode: 403 } });
});

it('refuses a key that is switched off or deleted, and lets one through that is switched on again', async () => {
  const key = lab.createByHand();

  await switchTo(key, 'Inactive');
  await expect(who(key)).rejects.toMatchObject({ name: 'InvalidClientTokenId' });
  await expect(put(key)).rejects.toMatchObject({ name: 'InvalidAccessKeyId' });
  await switchTo(key, 'Active');
  await put(key);
  await iam().send(new DeleteAccessKeyCommand({ UserName: lab.user, AccessKeyId: key.id }));

  await expect(put(key)).rejects.toMatchObject({ name: 'InvalidAccessKeyId' });
  await expect(switchTo(key, 'Active')).rejects.toMatchObject({ name: 'NoSuchEntityException' });
});

it('takes its time to know a new key, S3 longer than STS, and to forget one', async () => {
  await start({ propagationMs: 10_000, deletionLagMs: 4_000 });
  const { AccessKey: made } = await make();
  const key = { id: made?.AccessKeyId ?? '', secret: made?.SecretAccessKey ?? '' };

  await expect(who(key)).rejects.toMatchObject({ name: 'InvalidClientTokenId' });
  now += 5_000;
  await who(key);
  await expect(put(key)).rejects.toMatchObject({ name: 'InvalidAccessKeyId' });
  now += 5_000;
  await put(key);
  await switchTo(key, 'Inactive');
  await put(key);
  now += 4_001;
  await expect(put(key)).rejects.toMatchObject({ name: 'InvalidAccessKeyId' });
});

it('tells the last use in whole minutes, by service', async () => {
  const key = lab.createByHand();
  const lastUse = async () =>
    (await iam().send(new GetAccessKeyLastUsedCommand({ AccessKeyId: key.id }))).AccessKeyLastUsed;

  expect(await lastUse()).toMatchObject({ ServiceName: 'N/A', Region: 'N/A' });
  await put(key);

  expect(await lastUse()).toMatchObject({
    ServiceName: 's3',
    LastUsedDate: new Date(Math.floor(now / 60_000) * 60_000),
  });
});

it('notes the first use in fifteen minutes alone, and tells of it hours later', async () => {
  await start({ usageResolutionMs: 15 * 60_000, usageLagMs: 4 * 3_600_000 });
  const [key, first] = [lab.createByHand(), now];
  const lastUse = async () =>
    (await iam().send(new GetAccessKeyLastUsedCommand({ AccessKeyId: key.id }))).AccessKeyLastUsed?.LastUsedDate;
  const whole = (ms: number): Date => new Date(Math.floor(ms / 60_000) * 60_000);

  await put(key);
  now += 15 * 60_000 - 1;
  await put(key); // hidden by the first one
  now += 1;
  await put(key);

  expect(await lastUse()).toBeUndefined();
  now = first + 4 * 3_600_000;
  expect(await lastUse()).toEqual(whole(first));
  now += 15 * 60_000 - 1;
  expect(await lastUse()).toEqual(whole(first));
  now += 1;
  expect(await lastUse()).toEqual(whole(first + 15 * 60_000));
});

it('allows what a policy allows, and says so when asked', async () => {
  const allowed = async ({ id }: Credentials): Promise<unknown> => {
    const name = id === lab.admin.id ? 'keyturn' : 'auditor';
    const { EvaluationResults } = await iam().send(
      new SimulatePrincipalPolicyCommand({
        PolicySourceArn: `arn:aws:iam::${lab.account}:user/${name}`,
        ActionNames: ['iam:CreateAccessKey'],
      }),
    );
    return EvaluationResults?.[0]?.EvalDecision;
  };

  expect([await allowed(lab.admin), await allowed(lab.powerless)]).toEqual(['allowed', 'implicitDeny']);
  const refused = iam(lab.powerless).send(new CreateAccessKeyCommand({ UserName: lab.user }));
  await expect(refused).rejects.toMatchObject({ name: 'AccessDenied', $metadata: { httpStatusCode: 403 } });
});

it('lets temporary credentials outlive their key, until a policy denies those that were issued before a time', async () => {
  const key = lab.createByHand();
  const { Credentials: issued } = await sts(key).send(new GetSessionTokenCommand({}));
  const { AccessKeyId: id = '', SecretAccessKey: secret = '', SessionToken: token = '' } = issued ?? {};
  lab.deleteByHand(key.id);

  await put({ id, secret, token });
  const date = new Date(now + 1000).toISOString();
  const Statement = [
    { Effect: 'Deny', Action: '*', Resource: '*', Condition: { DateLessThan: { 'aws:TokenIssueTime': date } } },
  ];
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  await iam().send(new PutUserPolicyCommand({ UserName: lab.user, PolicyName: 'deny', PolicyDocument }));

  await expect(put({ id, secret, token })).rejects.toMatchObject({ name: 'AccessDenied' });
  await put(lab.createByHand());
});

it('takes a while to know a policy, which never reaches the session of a role', async () => {
  await start({ policyLagMs: 120_000 });
  lab.createByHand();
  const [own, ofRole] = [lab.issueSession(), lab.issueSession(true)];
  const date = new Date(now + 1000).toISOString();
  const PolicyDocument = `{"Statement":[{"Condition":{"DateLessThan":{"aws:TokenIssueTime":"${date}"}}}]}`;
  await iam().send(new PutUserPolicyCommand({ UserName: lab.user, PolicyName: 'deny', PolicyDocument }));

  await put(own);
  now += 120_000;
  await expect(put(own)).rejects.toMatchObject({ name: 'AccessDenied' });
  await put(ofRole);
});

it('takes documents from DocuElevate, which fails while the halves of its pair do not fit', async () => {
  const [old, fresh] = [lab.createByHand(), lab.createByHand()];
  const pair = { endpoint: lab.url, bucket: lab.bucket, id: old.id, secret: old.secret };
  const engine = await startDocuElevateLab({ s3: pair });

  expect(await engine.use('s3')).toBe(true);
  engine.editSetting('aws_access_key_id', fresh.id, 'admin');
  expect(await engine.use('s3')).toBe(false);
  engine.editSetting('aws_secret_access_key', fresh.secret, 'admin');
  expect(await engine.use('s3')).toBe(true);

  expect(engine.writes().map(({ key }) => key)).toEqual(['aws_access_key_id', 'aws_secret_access_key']);
  expect(lab.objects()).toEqual(['documents/probe.pdf']);
  await engine.stop();
});
