import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import { recordFinding } from '../shared/evidence.js';
import { Http } from '../shared/http.js';
import { OutsideError } from '../shared/outside-error.js';
import { propagating } from '../shared/failures.js';
import { scope } from '../shared/scope.js';
import type { DocumentEngineDeps } from './activities.js';
import type { Signer } from './client.js';
import { isSignedWith } from './keys.js';
import { open, type DocumentEngineWork } from './standing.js';
import { given, showsKey, signerWith } from './tokens.js';

const deadlineMs = 20_000; // a third of the start-to-close timeout
const pauseMs = 1_000;
const clockToleranceMs = 30_000; // times of a token are whole seconds, of a clock that is not ours
const waitedOutMs = 10_000; // tokens that pass so soon are no question for a person

export async function sawUse(deps: DocumentEngineDeps, ref: VersionRef): Promise<Finding> {
  const work = await open(deps, ref);
  const { store, connection } = work;
  const signer = connection.type === 'jwt' ? connection.jwt.signer : null;
  const say = (outcome: Finding['outcome'], detail: string) =>
    recordFinding(store, ref, { kind: 'in-use', outcome, detail });
  const token = await askSigner(signer);
  if (!signer || token === null) return say('not-observable', 'nobody is configured who could tell what is used');
  await work.client.learnTime();
  const tooLong = whyTooLong(token, work);
  if (tooLong !== null) return say('failed', tooLong);
  const { is, detail } = await usesKey(work, token);
  if (is) return say('proved', detail);
  if (scope().waitedMs < Math.max(signer.propagationMs, connection.propagationMs))
    throw propagating(`${detail}; asked again`, pauseMs);
  return say('failed', detail);
}

async function usesKey(
  work: DocumentEngineWork,
  token: string,
): Promise<{ readonly is: boolean; readonly detail: string }> {
  const { publicKey = '' } = await work.store.unseal(work.ref);
  if (!(await isSignedWith(publicKey, token))) return { is: false, detail: 'the application signs with another key' };
  const taken = await isTaken(work, token);
  if (taken === 'no') return { is: false, detail: 'Document Engine refused the token that the application gave out' };
  return {
    is: true,
    detail:
      taken === 'yes'
        ? 'the application signs with it, and Document Engine takes what it signs'
        : 'the application signs with it; where Keyturn can ask, Document Engine takes no token with these claims',
  };
}

/** The engine may take tokens of the key and not this one where it can be asked, for what it claims. Then the signature is what counts. */
async function isTaken(work: DocumentEngineWork, token: string): Promise<'yes' | 'no' | 'not shown'> {
  const shown = await showsKey(work, given(token), { isSomebodys: true });
  if (shown.verdict === 'accepted') return 'yes';
  const { privateKey } = await work.store.unseal(work.ref);
  const own = privateKey === undefined ? shown : await showsKey(work, signerWith(work, privateKey));
  return own.verdict === 'refused' ? 'no' : 'not shown';
}

/** Why what a token's key has signed outlives the wait for it; null when it does not. Says nothing of the token but its lifetime. */
export function whyTooLong(
  token: string,
  { client, connection }: Pick<DocumentEngineWork, 'client' | 'connection'>,
): string | null {
  const { exp, iat } = decodeJwt(token);
  const { tokenLifetimeMs } = connection.jwt;
  const lifetimeMs = exp === undefined ? Infinity : exp * 1000 - (iat === undefined ? client.now() : iat * 1000);
  if (lifetimeMs <= tokenLifetimeMs + clockToleranceMs) return null;
  const lives = Number.isFinite(lifetimeMs) ? `live for ${Math.round(lifetimeMs / 1000)} s` : 'never end';
  return (
    `the application's tokens ${lives}, and jwt.tokenLifetime says ${tokenLifetimeMs / 1000} s: the old key would end before them. ` +
    'Let it sign for less, or put the true lifetime there'
  );
}

export async function isIdle(deps: DocumentEngineDeps, ref: VersionRef): Promise<Finding> {
  const { store, connection } = await open(deps, ref);
  const { tokenLifetimeMs, signer } = connection.jwt;
  const current = (await store.versions(ref.credential)).find(({ state }) => state === 'current');
  const sinceMs = Date.now() - (current?.promotedAt ?? Date.now());
  const say = (outcome: Finding['outcome'], detail: string) =>
    recordFinding(store, ref, { kind: 'idle', outcome, detail });
  if (connection.type !== 'jwt') return say('not-observable', 'who uses it cannot be seen');
  const lifetime = `tokens live for ${tokenLifetimeMs / 1000} s`;
  const leftMs = tokenLifetimeMs - sinceMs;
  if (leftMs > 0 && leftMs <= waitedOutMs) throw propagating(`${lifetime}; waited for`, leftMs);
  if (leftMs > 0) return say('failed', `${lifetime}, and ${Math.ceil(leftMs / 1000)} s of that are left`);
  if (!signer) return say('not-observable', `${lifetime}, which is over; nobody else who signs can be seen`);
  return say('proved', `${lifetime}, which is over since the application signs with the new key`);
}

/** A fresh token of the application that signs; null when none is configured. */
export async function askSigner(signer: Signer | null): Promise<string | null> {
  if (!signer) return null;
  const { origin, pathname, search } = new URL(signer.url);
  const authorization = await signer.authorization?.();
  const answer = await new Http('signer', origin, deadlineMs).send({
    ...{ operation: 'askSigner', method: 'GET', path: pathname + search, page: true },
    headers: authorization === undefined ? {} : { authorization },
  });
  const token = answer.text.split(/[^\w.-]/).find(isToken);
  if (token === undefined) throw new OutsideError('signer', 'askSigner', { code: 'NO_TOKEN' });
  return token;
}

/** Known by what it is: three parts, of which the first says by which algorithm it is signed. Much else has two dots in it. */
function isToken(text: string): boolean {
  if (text.length > longestToken || text.split('.').length !== 3) return false;
  try {
    return typeof decodeProtectedHeader(text).alg === 'string' && Object.keys(decodeJwt(text)).length > 0;
  } catch {
    return false;
  }
}

const longestToken = 16_384; // characters; a header of a request has no more
