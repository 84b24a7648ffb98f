import { type AccessCheck, look, type Warning } from '../shared/access.js';
import { permanent } from '../shared/failures.js';
import { isStale } from '../../src/domain/engine-profile.js';
import { isLive } from '../../src/domain/version.js';
import type { DocumentEngineDeps } from './activities.js';
import { keptAtRestart, leftInEnvironment } from './environment.js';
import { changedSince } from './secrets.js';
import { askSigner, whyTooLong } from './signer.js';
import { currentIdOf, currentIn, noteRelease, open, type DocumentEngineWork } from './standing.js';

export async function checkAccess(deps: DocumentEngineDeps, credential: string): Promise<AccessCheck[]> {
  const work = await open(deps, { credential, number: 0, fence: 0 });
  const { client, connection } = work;
  const health = await look('health', () => whoAnswers(work));
  const inside = health.ok
    ? [
        ...(await profileOf(work)),
        await look(`${connection.type} secrets`, () => secretsOf(work)),
        await look('documents', async () => {
          await client.builds();
          return 'it builds one';
        }),
      ]
    : [];
  return [
    ...[health, ...inside],
    ...(connection.type === 'jwt' && connection.jwt.signer ? [await look('signer', () => tokensOf(work))] : []),
    { what: 'restart', ...(await keptAtRestart(connection)) },
    ...(await environmentOf(work)),
  ];
}

/** Whether what was found out holds for the release that answers. */
async function profileOf(work: DocumentEngineWork): Promise<AccessCheck[]> {
  await noteRelease(work);
  const { known, ref } = work;
  const seen = work.client.version ?? known.seen;
  const next = `see again: keyturn check --deep ${ref.credential}`;
  if (known.trial) return [{ what: 'profile', ok: true, warning: true, detail: `a trial was not ended; ${next}` }];
  if (!isStale({ profile: known.profile, seen })) return [];
  const detail = `it is of ${known.profile?.version}, and ${seen} answers: nothing follows it any more; ${next}`;
  return [{ what: 'profile', ok: true, warning: true, detail }];
}

/** Every answer names the release since 1.6. */
async function whoAnswers({ client }: DocumentEngineWork): Promise<string | Warning> {
  await client.isThere();
  if (client.version !== null) return `Document Engine ${client.version} answers`;
  return {
    warning:
      'no answer says "Server: Document Engine/…": a proxy takes that away, or something else answers. What refuses a value is then told ' +
      'by comparison alone',
  };
}

async function secretsOf(work: DocumentEngineWork): Promise<string> {
  const { store, client, connection, ref } = work;
  const listed = await client.secrets();
  const current = currentIn(work, listed).id;
  const live = (await store.versions(ref.credential)).filter(({ state }) => isLive(state));
  const known = live.some((version) => currentIdOf(version, connection) === current);
  if (live.length > 0 && !known) throw permanent('Rejected', changedSince(work));
  return `${listed.length} valid${known ? ', and the current one is ours' : ''}`;
}

async function tokensOf(work: DocumentEngineWork): Promise<string> {
  await work.client.learnTime();
  const tooLong = whyTooLong((await askSigner(work.connection.jwt.signer)) ?? '', work);
  if (tooLong !== null) throw permanent('Rejected', tooLong);
  return 'its tokens live no longer than jwt.tokenLifetime says';
}

async function environmentOf(work: DocumentEngineWork): Promise<AccessCheck[]> {
  const detail = await leftInEnvironment(work);
  return detail === null ? [] : [{ what: 'environment', ok: true, warning: true, detail }];
}
