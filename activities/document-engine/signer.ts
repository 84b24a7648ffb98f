import { decodeJwt, decodeProtectedHeader } from 'jose';
import { Http } from '../shared/http.js';
import { OutsideError } from '../shared/outside-error.js';
import { propagating } from '../shared/failures.js';
import { scope } from '../shared/scope.js';
import type { Signer } from './client.js';
import type { EngineContext, Observed } from './context.js';
import { isSignedWith } from './keys.js';
import { given, showsKey, signerWith } from './tokens.js';

const deadlineMs = 20_000; // a third of the start-to-close timeout
const pauseMs = 1_000;
const clockToleranceMs = 30_000; // a token's times are whole seconds by another clock
const waitedOutMs = 10_000; // a shorter wait for tokens to expire needs no person

/** Whether the application that signs tokens does so with the version's key. */
export async function sawUse(context: EngineContext): Promise<Observed> {
  const { client, connection } = context;
  const signer = connection.type === 'jwt' ? connection.jwt.signer : null;
  const token = await askSigner(signer);
  if (!signer || token === null)
    return { outcome: 'not-observable', detail: 'no jwt.signer is configured that could show it' };
  await client.learnTime();
  const tooLong = whyTooLong(token, context);
  if (tooLong !== null) return { outcome: 'failed', detail: tooLong };
  const observed = await usesKey(context, token);
  const isEarly = scope().waitedMs < Math.max(signer.propagationMs, connection.propagationMs);
  if (observed.outcome === 'failed' && isEarly) throw propagating(`${observed.detail}; asked again`, pauseMs);
  return observed;
}

async function usesKey(context: EngineContext, token: string): Promise<Observed> {
  const { publicKey = '' } = await context.store.unseal(context.ref);
  if (!(await isSignedWith(publicKey, token)))
    return { outcome: 'failed', detail: 'the application signs with another key' };
  const accepted = await isAccepted(context, token);
  if (accepted === 'no') return { outcome: 'failed', detail: "Document Engine refused the application's token" };
  const how =
    accepted === 'yes'
      ? ', and Document Engine accepts its tokens'
      : '; Keyturn found no request that accepts a token with these claims';
  return { outcome: 'proved', detail: `the application signs with it${how}` };
}

/** The engine may accept tokens of the key but refuse this one for its claims. Then only the signature counts. */
async function isAccepted(context: EngineContext, token: string): Promise<'yes' | 'no' | 'not shown'> {
  const reading = await showsKey(context, given(token), { isSomebodys: true });
  if (reading.verdict === 'accepted') return 'yes';
  const { privateKey } = await context.store.unseal(context.ref);
  const own = privateKey === undefined ? reading : await showsKey(context, signerWith(context, privateKey));
  return own.verdict === 'refused' ? 'no' : 'not shown';
}

/** Why the application's tokens would outlive their key. Null when they would not. Contains nothing of the token but its lifetime. */
export function whyTooLong(token: string, { client, connection }: EngineContext): string | null {
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

/** Whether every token that was signed with the version's key has expired. */
export async function isIdle({ connection, versions }: EngineContext): Promise<Observed> {
  const { tokenLifetimeMs, signer } = connection.jwt;
  if (connection.type !== 'jwt') return { outcome: 'not-observable', detail: 'its users cannot be observed' };
  const current = versions.find(({ state }) => state === 'current');
  const leftMs = tokenLifetimeMs - (Date.now() - (current?.promotedAt ?? Date.now()));
  const lifetime = `tokens live for ${tokenLifetimeMs / 1000} s`;
  if (leftMs > 0 && leftMs <= waitedOutMs)
    throw propagating(`${lifetime}; waiting for the last ones to expire`, leftMs);
  if (leftMs > 0)
    return { outcome: 'failed', detail: `${lifetime}, and ${Math.ceil(leftMs / 1000)} s of that are left` };
  const passed = `${lifetime}, and that time has passed`;
  return signer
    ? { outcome: 'proved', detail: `${passed} since the application signs with the new key` }
    : { outcome: 'not-observable', detail: `${passed}; other signers cannot be observed` };
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
