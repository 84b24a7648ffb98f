import { type AccessCheck, look, type Warning } from '../shared/access.js';
import { permanent } from '../shared/patience.js';
import { isLive } from '../../src/domain/version.js';
import type { DocumentEngineDeps } from './activities.js';
import { keptAtRestart, leftInEnvironment } from './environment.js';
import { changedSince } from './secrets.js';
import { askSigner, whyTooLong } from './signer.js';
import { currentIdOf, currentIn, open, type Work } from './standing.js';

export async function checkAccess(deps: DocumentEngineDeps, credential: string): Promise<AccessCheck[]> {
  const work = await open(deps, { credential, number: 0, fence: 0 });
  const { client, connection } = work;
  const health = await look('health', () => whoAnswers(work));
  const inside = health.ok
    ? [
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

/** Every answer names the release since 1.6. */
async function whoAnswers({ client }: Work): Promise<string | Warning> {
  await client.isThere();
  if (client.version !== null) return `Document Engine ${client.version} answers`;
  return {
    warning:
      'no answer says "Server: Document Engine/…": a proxy takes that away, or something else answers. What refuses a value is then told ' +
      'by comparison alone',
  };
}

async function secretsOf(work: Work): Promise<string> {
  const { store, client, connection, ref } = work;
  const listed = await client.secrets();
  const current = currentIn(work, listed).id;
  const live = (await store.versions(ref.credential)).filter(({ state }) => isLive(state));
  const known = live.some((version) => currentIdOf(version, connection) === current);
  if (live.length > 0 && !known) throw permanent('Rejected', changedSince(work));
  return `${listed.length} valid${known ? ', and the current one is ours' : ''}`;
}

async function tokensOf(work: Work): Promise<string> {
  await work.client.learnTime();
  const tooLong = whyTooLong((await askSigner(work.connection.jwt.signer)) ?? '', work);
  if (tooLong !== null) throw permanent('Rejected', tooLong);
  return 'its tokens live no longer than jwt.tokenLifetime says';
}

async function environmentOf(work: Work): Promise<AccessCheck[]> {
  const detail = await leftInEnvironment(work);
  return detail === null ? [] : [{ what: 'environment', ok: true, warning: true, detail }];
}
