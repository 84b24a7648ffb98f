import { formFields } from '../forms.js';
import type { Answer, Incoming } from '../routes.js';
import { type Content, refusal, result } from './answers.js';
import { type Caller, callerOf, mayDo, type Unknown } from './caller.js';
import type { AccessKey, AwsState, User } from './state.js';

interface Asked {
  readonly state: AwsState;
  readonly caller: Caller;
  readonly field: (name: string) => string;
}

type Action = (asked: Asked) => Content | Answer;

/** The action in the body of a request to IAM or STS; null for a request to S3. */
export function actionOf(request: Pick<Incoming, 'method' | 'path' | 'headers' | 'body'>): string | null {
  return request.method === 'POST' && request.path === '/' ? (formFields(request).get('Action') ?? '') : null;
}

/** IAM and STS, for callers that sign with a known key. */
export function answerQuery(state: AwsState, request: Incoming, action: string): Answer {
  const service = Object.hasOwn(sts, action) ? 'sts' : 'iam';
  const act = sts[action] ?? iam[action];
  if (!act) return refusal(400, 'InvalidAction', `Could not find operation ${action}`);
  const caller = callerOf(state, request, service);
  if (typeof caller === 'string') return unrecognized(caller);
  const fields = formFields(request);
  const field = (name: string): string => fields.get(name) ?? '';
  if (service === 'iam' && !mayDo(state, caller, `iam:${action}`)) return denied(caller.user, `iam:${action}`);
  const answer = act({ state, caller, field });
  return 'status' in answer && typeof answer.status === 'number'
    ? (answer as Answer)
    : result(action, answer as Content);
}

const sts: Readonly<Record<string, Action>> = {
  GetCallerIdentity: ({ state, caller: { user, with: by } }) => ({
    ...{ Arn: user.arn, UserId: by.id, Account: state.account },
  }),
  GetSessionToken({ state, caller: { user } }) {
    const { id, secret, token } = state.issueSession(user);
    return {
      Credentials: {
        AccessKeyId: id,
        SecretAccessKey: secret,
        SessionToken: token,
        Expiration: iso(state.now() + 43_200_000),
      },
    };
  },
};

const iam: Readonly<Record<string, Action>> = {
  ListAccessKeys: withUser(({ state }, user) => ({
    AccessKeyMetadata: { member: state.keysOf(user).map(metadata) },
    IsTruncated: 'false',
  })),
  GetUser: withUser((_, { name, arn }) => ({ User: { UserName: name, Arn: arn } })),
  CreateAccessKey: withUser(({ state, caller }, user) => {
    const key = state.create(user, caller.user);
    if (!key) return refusal(409, 'LimitExceeded', 'Cannot exceed quota for AccessKeysPerUser: 2');
    return { AccessKey: { ...metadata(key), SecretAccessKey: key.secret } };
  }),
  UpdateAccessKey: withKey(({ state, field }, key) => {
    state.switchTo(key, field('Status') === 'Active');
    return {};
  }),
  DeleteAccessKey: withKey(({ state }, key) => {
    state.remove(key);
    return {};
  }),
  GetAccessKeyLastUsed({ state, field }) {
    const key = state.keys.find(({ id, deleted }) => id === field('AccessKeyId') && !deleted);
    if (!key) return gone(`The Access Key with id ${field('AccessKeyId')}`);
    const { user, lastUse } = key;
    const lastUsed = lastUse.visible();
    const used = {
      LastUsedDate: lastUsed ? iso(wholeSteps(lastUsed.at, state)) : undefined,
      ServiceName: lastUsed?.service ?? 'N/A',
    };
    return {
      UserName: user.name,
      AccessKeyLastUsed: { ...used, Region: lastUsed && lastUsed.service !== 's3' ? 'us-east-1' : 'N/A' },
    };
  },
  GetUserPolicy: withUser(({ field }, user) =>
    user.denial?.name === field('PolicyName')
      ? { UserName: user.name, PolicyName: user.denial.name, PolicyDocument: '%7B%7D' }
      : gone(`The user policy with name ${field('PolicyName')}`),
  ),
  PutUserPolicy: withUser(({ state, field }, user) => {
    const [, before = ''] = /"DateLessThan":\{"aws:TokenIssueTime":"([^"]+)"\}/.exec(field('PolicyDocument')) ?? [];
    if (before === '') return refusal(400, 'MalformedPolicyDocument', 'Syntax errors in policy.');
    state.deny(user, { name: field('PolicyName'), before: Date.parse(before) });
    return {};
  }),
  SimulatePrincipalPolicy({ state, field }) {
    const user = Object.values(state.users).find(({ arn }) => arn === field('PolicySourceArn'));
    if (!user) return gone(`The principal ${field('PolicySourceArn')}`);
    const names = Array.from({ length: 20 }, (_, index) => field(`ActionNames.member.${index + 1}`)).filter(Boolean);
    const target = field('ResourceArns.member.1');
    const isThere = target === '' || Object.values(state.users).some(({ arn }) => arn === target);
    const decision = (name: string): string => (isThere && user.actions.includes(name) ? 'allowed' : 'implicitDeny');
    const member = names.map((name) => ({ EvalActionName: name, EvalDecision: decision(name) }));
    return { EvaluationResults: { member }, IsTruncated: 'false' };
  },
};

function withUser(act: (asked: Asked, user: User) => Content | Answer): Action {
  return (asked) => {
    const user = Object.values(asked.state.users).find(({ name }) => name === asked.field('UserName'));
    return user ? act(asked, user) : gone(`The user with name ${asked.field('UserName')}`);
  };
}

function withKey(act: (asked: Asked, key: AccessKey) => Content | Answer): Action {
  return withUser((asked, user) => {
    const key = asked.state.keysOf(user).find(({ id }) => id === asked.field('AccessKeyId'));
    return key ? act(asked, key) : gone(`The Access Key with id ${asked.field('AccessKeyId')}`);
  });
}

function metadata({ user, id, active, createdAt }: AccessKey): Content {
  return { UserName: user.name, AccessKeyId: id, Status: active ? 'Active' : 'Inactive', CreateDate: iso(createdAt) };
}

function unrecognized(why: Unknown): Answer {
  if (why === 'unsigned') return refusal(403, 'MissingAuthenticationToken', 'Request is missing Authentication Token');
  if (why === 'unknown key')
    return refusal(403, 'InvalidClientTokenId', 'The security token included in the request is invalid.');
  if (why === 'expired' || why === 'not yet current')
    return refusal(403, 'SignatureDoesNotMatch', `Signature ${why}: the time of the request is not the time here.`);
  return refusal(
    403,
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided.',
  );
}

function denied({ arn }: User, action: string): Answer {
  return refusal(403, 'AccessDenied', `User: ${arn} is not authorized to perform: ${action}`);
}

function gone(what: string): Answer {
  return refusal(404, 'NoSuchEntity', `${what} cannot be found.`);
}

function iso(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+/, '');
}

function wholeSteps(ms: number, { usageStepMs }: Pick<AwsState, 'usageStepMs'>): number {
  return Math.floor(ms / usageStepMs) * usageStepMs;
}
