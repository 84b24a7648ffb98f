import { type AccessCheck, accessCheck, type Warning } from '../shared/access.js';
import { permanent } from '../shared/failures.js';
import { isStale } from '../../src/domain/engine-profile.js';
import { isLive } from '../../src/domain/version.js';
import { type EngineContext, list, noteRelease } from './context.js';
import { keptAtRestart, leftInEnvironment } from './environment.js';
import { changedSince, isKnown } from './secrets.js';
import { askSigner, whyTooLong } from './signer.js';

/** The checks of `keyturn check` on the engine. */
export async function checkAccess(context: EngineContext): Promise<AccessCheck[]> {
  const { client, connection } = context;
  const checks = [await accessCheck('health', () => whoAnswers(context))];
  if (checks[0]?.ok)
    checks.push(
      ...(await profileOf(context)),
      await accessCheck(`${connection.type} secrets`, () => secretsOf(context)),
      await accessCheck('documents', () => client.builds().then(() => 'it builds one')),
    );
  if (connection.type === 'jwt' && connection.jwt.signer)
    checks.push(await accessCheck('signer', () => tokensOf(context)));
  const detail = await leftInEnvironment(context);
  const environment = detail === null ? [] : [{ what: 'environment', ok: true, warning: true, detail } as const];
  return [...checks, { what: 'restart', ...(await keptAtRestart(connection)) }, ...environment];
}

async function profileOf(context: EngineContext): Promise<AccessCheck[]> {
  await noteRelease(context);
  const { known, ref } = context;
  const seen = context.client.version ?? known.seen;
  const next = `run keyturn check --deep ${ref.credential}`;
  if (known.trial) return [{ what: 'profile', ok: true, warning: true, detail: `a trial was not ended; ${next}` }];
  if (!isStale({ profile: known.profile, seen })) return [];
  const detail = `it is for release ${known.profile?.version}, but ${seen} answers, so it is not used; ${next}`;
  return [{ what: 'profile', ok: true, warning: true, detail }];
}

/** Every answer names the release, since 1.6. */
async function whoAnswers({ client }: EngineContext): Promise<string | Warning> {
  await client.isThere();
  if (client.version !== null) return `Document Engine ${client.version} answers`;
  const warning =
    'no answer has the header "Server: Document Engine/…": a proxy removes it, or something else answers. A refusal is then recognized ' +
    'only by comparison';
  return { warning };
}

async function secretsOf(context: EngineContext): Promise<string> {
  const { listed, current } = await list(context);
  const known = await isKnown(context, current);
  if (!known && context.versions.some(({ state }) => isLive(state))) throw permanent('Rejected', changedSince(context));
  return `${listed.length} valid${known ? ', and the current one is ours' : ''}`;
}

async function tokensOf(context: EngineContext): Promise<string> {
  await context.client.learnTime();
  const tooLong = whyTooLong((await askSigner(context.connection.jwt.signer)) ?? '', context);
  if (tooLong !== null) throw permanent('Rejected', tooLong);
  return 'its tokens do not outlive jwt.tokenLifetime';
}
