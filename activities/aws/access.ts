import { OutsideError } from '../shared/outside-error.js';
import { type AccessCheck, look, type Warning } from '../shared/access.js';
import { permanent } from '../shared/failures.js';
import type { AwsDeps } from './activities.js';
import type { AwsConnection } from './client.js';
import { quota } from './keys.js';
import { knownIds, type AwsWork, workOn } from './lost.js';
import { ofAdmin } from './refusals.js';

const needed = [
  'iam:CreateAccessKey',
  'iam:ListAccessKeys',
  'iam:UpdateAccessKey',
  'iam:DeleteAccessKey',
  'iam:GetAccessKeyLastUsed',
];
const useful = 'iam:PutUserPolicy'; // for an emergency

export async function checkAccess(deps: AwsDeps, credential: string): Promise<AccessCheck[]> {
  const work = await workOn(deps, { credential, number: 0, fence: 0 });
  let arn = '';
  const identity = await look('identity', async () => {
    arn = await work.client.identify().catch((error: unknown) => {
      throw ofAdmin(error, work.connection.propagationMs);
    });
    return notTheUser(work.connection, arn);
  });
  if (!identity.ok) return [identity];
  return [
    identity,
    await look(`keys of ${work.connection.user}`, () => roomFor(work)),
    await look('permissions', () => permits(work, arn)),
  ];
}

/** With its own key it would cut itself off. */
function notTheUser({ user, account }: AwsConnection, arn: string): string {
  if (!arn.endsWith(`/${user}`) || !arn.includes(`::${account}:user/`)) return `Keyturn is ${arn}`;
  throw permanent('Rejected', `Keyturn signs in as ${user} itself: use a role, or a user of its own`);
}

async function roomFor({ deps, client, connection }: AwsWork): Promise<string> {
  const keys = await client.keys();
  const known = await knownIds(deps);
  const strangers = keys.map(({ id }) => id).filter((id) => !known.has(id));
  const taken = `${keys.length} of ${quota} places are taken`;
  if (keys.length < quota) return taken;
  if (strangers.length === 0)
    return `${taken}, by versions of Keyturn's; one of them has to end before the next is made`;
  throw permanent(
    'Rejected',
    `${taken}, and Keyturn does not know ${strangers.join(', ')} of ${connection.user}: adopt the one in use, and delete what nobody uses`,
  );
}

/** Asked for, not tried: each of them changes something. */
async function permits({ client, connection: { account, user } }: AwsWork, arn: string): Promise<string | Warning> {
  const role = /^arn:(aws[\w-]*):sts::(\d{12}):assumed-role\/([^/]+)\//.exec(arn);
  const source = role ? `arn:${role[1]}:iam::${role[2]}:role/${role[3]}` : arn;
  const known = await client.userArn().catch(unanswered);
  const target = typeof known === 'string' ? known : `arn:${arn.split(':')[1]}:iam::${account}:user/${user}`;
  const forbidden = await client.forbidden(source, target, [...needed, useful]).catch(unanswered);
  if (!Array.isArray(forbidden))
    return {
      warning: `cannot be asked (${forbidden?.why ?? 'iam:SimulatePrincipalPolicy'}): needed are ${needed.join(', ')}, and ${useful} for emergencies`,
    };
  const missing = forbidden.filter((action) => action !== useful);
  const unless = typeof known !== 'string' ? `, if ${user} has no path (iam:GetUser would show it)` : '';
  if (missing.length > 0) throw permanent('Unauthorized', `are missing: ${missing.join(', ')}${unless}`);
  return forbidden.includes(useful)
    ? `suffice; without ${useful} temporary credentials outlive an emergency`
    : 'suffice, for emergencies too';
}

/** That AWS fails to answer says nothing of the rights. Throws what it did answer. */
function unanswered(error: unknown): { readonly why: string } {
  if (error instanceof OutsideError && (error.status ?? 500) >= 500) return { why: error.message };
  throw error;
}
