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
import { contextOf, type DocumentEngineContext } from './context.js';
import { given, showsKey, signerWith } from './tokens.js';

const deadlineMs = 20_000; // a third of the start-to-close timeout
const pauseMs = 1_000;
const clockToleranceMs = 30_000; // a token's times are whole seconds by another clock
const waitedOutMs = 10_000; // a shorter wait for tokens to expire needs no person

export async function sawUse(deps: DocumentEngineDeps, ref: VersionRef): Promise<Finding> {
  const context = await contextOf(deps, ref);
  const { store, connection } = context;
  const signer = connection.type === 'jwt' ? connection.jwt.signer : null;
  const say = (outcome: Finding['outcome'], detail: string) =>
    recordFinding(store, ref, { kind: 'in-use', outcome, detail });
  const token = await askSigner(signer);
  if (!signer || token === null) return say('not-observable', 'no jwt.signer is configured that could show it');
  await context.client.learnTime();
  const tooLong = whyTooLong(token, context);
  if (tooLong !== null) return say('failed', tooLong);
  const { is, detail } = await usesKey(context, token);
  if (is) return say('proved', detail);
  if (scope().waitedMs < Math.max(signer.propagationMs, connection.propagationMs))
    throw propagating(`${detail}; asked again`, pauseMs);
  return say('failed', detail);
}

async function usesKey(
  context: DocumentEngineContext,
  token: string,
): Promise<{ readonly is: boolean; readonly detail: string }> {
  const { publicKey = '' } = await context.store.unseal(context.ref);
  if (!(await isSignedWith(publicKey, token))) return { is: false, detail: 'the application signs with another key' };
  const accepted = await isAccepted(context, token);
  if (accepted === 'no') return { is: false, detail: "Document Engine refused the application's token" };
  return {
    is: true,
    detail:
      accepted === 'yes'
        ? 'the application signs with it, and Document Engine accepts its tokens'
        : 'the application signs with it; Keyturn found no request that accepts a token with these claims',
  };
}

/** The engine may accept tokens of the key but refuse this one for its claims. Then only the signature counts. */
async function isAccepted(context: DocumentEngineContext, token: string): Promise<'yes' | 'no' | 'not shown'> {
  const reading = await showsKey(context, given(token), { isSomebodys: true });
  if (reading.verdict === 'accepted') return 'yes';
  const { privateKey } = await context.store.unseal(context.ref);
  const own = privateKey === undefined ? reading : await showsKey(context, signerWith(context, privateKey));
  return own.verdict === 'refused' ? 'no' : 'not shown';
}

/** Why the application's tokens would outlive their key. Null when they would not. Contains nothing of the token but its lifetime. */
export function whyTooLong(
  token: string,
  { client, connection }: Pick<DocumentEngineContext, 'client' | 'connection'>,
): string | null {
  const { exp, iat } = decodeJwt(token);
  const { tokenLifetimeMs } = connection.jwt;
  const lifetimeMs = exp === undefined ? Infinity : exp * 1000 - (iat === undefined ? client.now() : iat * 1000);
  if (lifetimeMs <= tokenLifetimeMs + clockToleranceMs) return null;
  const lives = Number.isFinite(lifetimeMs) ? `live for ${Math.round(lifetimeMs / 1000)} s` : 'never expire';
  return (
    `the application's tokens ${lives}, but jwt.tokenLifetime is ${tokenLifetimeMs / 1000} s: the old key would end before them. ` +
    'Shorten the lifetime of the tokens, or set jwt.tokenLifetime to it'
  );
}

export async function isIdle(deps: DocumentEngineDeps, ref: VersionRef): Promise<Finding> {
  const { store, connection } = await contextOf(deps, ref);
  const { tokenLifetimeMs, signer } = connection.jwt;
  const current = (await store.versions(ref.credential)).find(({ state }) => state === 'current');
  const sinceMs = Date.now() - (current?.promotedAt ?? Date.now());
  const say = (outcome: Finding['outcome'], detail: string) =>
    recordFinding(store, ref, { kind: 'idle', outcome, detail });
  if (connection.type !== 'jwt') return say('not-observable', 'its users cannot be observed');
  const lifetime = `tokens live for ${tokenLifetimeMs / 1000} s`;
  const leftMs = tokenLifetimeMs - sinceMs;
  if (leftMs > 0 && leftMs <= waitedOutMs)
    throw propagating(`${lifetime}; waiting for the last ones to expire`, leftMs);
  if (leftMs > 0) return say('failed', `${lifetime}, and ${Math.ceil(leftMs / 1000)} s of that are left`);
  if (!signer) return say('not-observable', `${lifetime}, and that time has passed; other signers cannot be observed`);
  return say('proved', `${lifetime}, and that time has passed since the application signs with the new key`);
}

/** A fresh token of the signing application. Null when none is configured. */
export async function askSigner(signer: Signer | null): Promise<string | null> {
  if (!signer) return null;
  const { origin, pathname, search } = new URL(signer.url);
  const authorization = await signer.authorization?.();
  const answer = await new Http('jwt.signer', origin, deadlineMs).send({
    ...{ operation: 'askSigner', method: 'GET', path: pathname + search, page: true },
    headers: authorization === undefined ? {} : { authorization },
  });
  const token = answer.text.split(/[^\w.-]/).find(isToken);
  if (token === undefined) throw new OutsideError('jwt.signer', 'askSigner', { code: 'NO_TOKEN' });
  return token;
}

/** Three parts, of which the first names the signing algorithm. Other text with two dots does not count. */
function isToken(text: string): boolean {
  if (text.length > longestToken || text.split('.').length !== 3) return false;
  try {
    return typeof decodeProtectedHeader(text).alg === 'string' && Object.keys(decodeJwt(text)).length > 0;
  } catch {
    return false;
  }
}

const longestToken = 16_384; // characters; a request header has no more
