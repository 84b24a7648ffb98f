import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import { found } from '../shared/guard.js';
import { settling } from '../shared/patience.js';
import { scope } from '../shared/scope.js';
import type { DocumentEngineDeps } from './activities.js';
import { isSignedWith, sign } from './keys.js';
import { askSigner } from './signer.js';
import { open, soonMs, type Work } from './standing.js';

type Verdict = 'accepted' | 'refused';

export async function acceptsKey(deps: DocumentEngineDeps, ref: VersionRef): Promise<Finding> {
  const work = await open(deps, ref);
  const verdict = (await tryKey(work, ref)) ?? (await trySigner(work));
  return judgeAcceptance(work, verdict, {
    accepted: 'POST /api/build took a token signed with it',
    refused: 'POST /api/build refused a token signed with it',
    unknown: 'only its public half is known, and no application that signs can be asked',
  });
}

export async function refusesKey(deps: DocumentEngineDeps, ref: VersionRef): Promise<Finding> {
  return judgeRefusal(await open(deps, ref), tryKey, 'POST /api/build answered 403');
}

export async function acceptsPassword(deps: DocumentEngineDeps, ref: VersionRef): Promise<Finding> {
  const work = await open(deps, ref);
  return judgeAcceptance(work, await tryPassword(work, ref), {
    accepted: 'GET /dashboard let it in',
    refused: 'GET /dashboard refused it',
    unknown: 'there is no value to ask with',
  });
}

export async function refusesPassword(deps: DocumentEngineDeps, ref: VersionRef): Promise<Finding> {
  return judgeRefusal(await open(deps, ref), tryPassword, 'GET /dashboard answered 401');
}

async function tryPassword({ store, client }: Work, ref: VersionRef): Promise<Verdict | null> {
  const { password } = (await store.read(ref)).parts.length > 0 ? await store.unseal(ref) : {};
  return password === undefined ? null : client.tryPassword(password);
}

/** Null when there is nothing to sign with. */
async function tryKey({ store, client, connection }: Work, ref: VersionRef): Promise<Verdict | null> {
  const parts = (await store.read(ref)).parts.length > 0 ? await store.unseal(ref) : {};
  const key = parts['privateKey'];
  if (key === undefined) return null;
  await client.learnTime();
  return client.tryToken(await sign(key, connection.jwt.algorithm, client.now()));
}

/** With a token of the application that signs, which the key has to fit. */
async function trySigner({ store, client, connection, ref }: Work): Promise<Verdict | null> {
  const token = await askSigner(connection.jwt.signer);
  if (token === null) return null;
  const { publicKey = '' } = await store.unseal(ref);
  return (await isSignedWith(publicKey, token)) ? client.tryToken(token) : 'refused';
}

interface Words {
  readonly accepted: string;
  readonly refused: string;
  readonly unknown: string;
}

async function judgeAcceptance({ store, ref }: Work, verdict: Verdict | null, words: Words): Promise<Finding> {
  if (verdict !== null) await store.note(ref, { provider: verdict });
  const outcome = verdict === null ? 'not-observable' : verdict === 'accepted' ? 'proved' : 'failed';
  return found(store, ref, { kind: 'accepted', outcome, detail: words[verdict ?? 'unknown'] });
}

/** Refused means refused: it was accepted once, it is refused now, and the current value is accepted beside it. */
async function judgeRefusal(
  work: Work,
  ask: (work: Work, ref: VersionRef) => Promise<Verdict | null>,
  answer: string,
): Promise<Finding> {
  const { store, ref } = work;
  const say = (outcome: Finding['outcome'], detail: string) => found(store, ref, { kind: 'refused', outcome, detail });
  const verdict = await ask(work, ref);
  if (verdict === null) return say('not-observable', 'there is no value to ask with');
  if (verdict === 'accepted') {
    if (scope().waitedMs < 2 * soonMs) throw settling('Document Engine still accepts it; asked again', soonMs / 2);
    return say('failed', 'Document Engine still accepts it');
  }
  const current = (await store.versions(ref.credential)).find(
    ({ state, number, compromised }) => state === 'current' && number !== ref.number && !compromised,
  );
  const control = current ? await ask(work, { ...ref, number: current.number }) : null;
  if (control === 'refused')
    return say('failed', 'Document Engine refuses the current value as well, so nothing is shown');
  const evidence = await store.evidence(ref);
  if (!evidence.some(({ kind, outcome }) => kind === 'accepted' && outcome === 'proved'))
    return say('not-observable', 'already refused before the rotation');
  await store.note(ref, { provider: 'refused' });
  const beside = control === null ? 'with no current value to compare with' : 'while it accepted the current value';
  return say('proved', `${answer}, ${beside}`);
}
