import { OutsideError } from '../shared/outside-error.js';
import { type AccessCheck, accessCheck, type Warning } from '../shared/access.js';
import { permanent } from '../shared/failures.js';
import type { Known } from '../kit/account.js';
import type { AwsClient } from './client.js';
import { ofAdmin } from './refusals.js';
import { quota } from './room.js';
import type { AwsSection } from './section.js';

const needed = [
  'iam:CreateAccessKey',
  'iam:ListAccessKeys',
  'iam:UpdateAccessKey',
  'iam:DeleteAccessKey',
  'iam:GetAccessKeyLastUsed',
];
const useful = 'iam:PutUserPolicy'; // for an emergency

export async function checkAccess(client: AwsClient, known: Known): Promise<AccessCheck[]> {
  let arn = '';
  const identity = await accessCheck('identity', async () => {
    arn = await client.identify().catch((error: unknown) => {
      throw ofAdmin(error, client.propagationMs);
    });
    return notTheUser(client.section, arn);
  });
  if (!identity.ok) return [identity];
  return [
    identity,
    await accessCheck(`keys of ${client.section.user}`, () => roomFor(client, known)),
    await accessCheck('permissions', () => permits(client, arn)),
  ];
}

/** With the service user's own key Keyturn would cut itself off. */
function notTheUser({ user, account }: AwsSection, arn: string): string {
  if (!arn.endsWith(`/${user}`) || !arn.includes(`::${account}:user/`)) return `Keyturn is ${arn}`;
  throw permanent('Rejected', `Keyturn signs in as ${user}, whose keys it rotates: use a role, or another user`);
}

async function roomFor(client: AwsClient, { ids: known }: Known): Promise<string> {
  const keys = await client.keys();
  const strangers = keys.map(({ id }) => id).filter((id) => !known.includes(id));
  const taken = `${keys.length} of ${quota} slots are taken`;
  if (keys.length < quota) return taken;
  if (strangers.length === 0)
    return `${taken}, by versions of Keyturn; one of them has to end before the next rotation`;
  throw permanent(
    'Rejected',
    `${taken}, and Keyturn does not know ${strangers.join(', ')} of ${client.section.user}: adopt the key in use, and delete the unused one`,
  );
}

/** Simulates the actions instead of trying them: each of them changes something. */
async function permits(client: AwsClient, arn: string): Promise<string | Warning> {
  const { account, user } = client.section;
  const role = /^arn:(aws[\w-]*):sts::(\d{12}):assumed-role\/([^/]+)\//.exec(arn);
  const source = role ? `arn:${role[1]}:iam::${role[2]}:role/${role[3]}` : arn;
  const known = await client.userArn().catch(unanswered);
  const target = typeof known === 'string' ? known : `arn:${arn.split(':')[1]}:iam::${account}:user/${user}`;
  const forbidden = await client.forbidden(source, target, [...needed, useful]).catch(unanswered);
  if (!Array.isArray(forbidden))
    return {
      warning: `cannot be checked (${forbidden?.why ?? 'iam:SimulatePrincipalPolicy'}): Keyturn needs ${needed.join(', ')}, and ${useful} for emergencies`,
    };
  const missing = forbidden.filter((action) => action !== useful);
  const unless = typeof known !== 'string' ? ` (assuming that ${user} has no path, which iam:GetUser would show)` : '';
  if (missing.length > 0) throw permanent('Unauthorized', `missing: ${missing.join(', ')}${unless}`);
  return forbidden.includes(useful)
    ? `sufficient; without ${useful} temporary credentials outlive an emergency`
    : 'sufficient, also for emergencies';
}

/** A failure of AWS says nothing about the permissions. Throws any real answer. */
function unanswered(error: unknown): { readonly why: string } {
  if (error instanceof OutsideError && (error.status ?? 500) >= 500) return { why: error.message };
  throw error;
}
