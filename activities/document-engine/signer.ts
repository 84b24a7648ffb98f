import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import { found } from '../shared/guard.js';
import { Http } from '../shared/http.js';
import { OutsideError } from '../shared/outside-error.js';
import { settling } from '../shared/patience.js';
import { scope } from '../shared/scope.js';
import type { DocumentEngineDeps } from './activities.js';
import type { Signer } from './client.js';
import { isSignedWith } from './keys.js';
import { open } from './standing.js';

const deadlineMs = 20_000; // a third of the start-to-close timeout
const pauseMs = 1_000;
const waitedOutMs = 10_000; // tokens that pass so soon are no question for a person

export async function sawUse(deps: DocumentEngineDeps, ref: VersionRef): Promise<Finding> {
  const { store, client, connection } = await open(deps, ref);
  const signer = connection.type === 'jwt' ? connection.jwt.signer : null;
  const say = (outcome: Finding['outcome'], detail: string) => found(store, ref, { kind: 'in-use', outcome, detail });
  const token = await askSigner(signer);
  if (!signer || token === null) return say('not-observable', 'nobody is configured who could tell what is used');
  const { publicKey = '' } = await store.unseal(ref);
  const why = !(await isSignedWith(publicKey, token))
    ? 'the application signs with another key'
    : (await client.tryToken(token)) === 'refused'
      ? 'Document Engine refused the token that the application gave out'
      : null;
  if (why === null) return say('proved', 'the application signs with it, and Document Engine takes what it signs');
  if (scope().waitedMs < signer.settlingMs) throw settling(`${why}; asked again`, pauseMs);
  return say('failed', why);
}

export async function isIdle(deps: DocumentEngineDeps, ref: VersionRef): Promise<Finding> {
  const { store, connection } = await open(deps, ref);
  const { tokenLifetimeMs, signer } = connection.jwt;
  const current = (await store.versions(ref.credential)).find(({ state }) => state === 'current');
  const sinceMs = Date.now() - (current?.promotedAt ?? Date.now());
  const say = (outcome: Finding['outcome'], detail: string) => found(store, ref, { kind: 'idle', outcome, detail });
  if (connection.type !== 'jwt') return say('not-observable', 'who uses it cannot be seen');
  const lifetime = `tokens live for ${tokenLifetimeMs / 1000} s`;
  const leftMs = tokenLifetimeMs - sinceMs;
  if (leftMs > 0 && leftMs <= waitedOutMs) throw settling(`${lifetime}; waited for`, leftMs);
  if (leftMs > 0) return say('failed', `${lifetime}, and ${Math.ceil(leftMs / 1000)} s of that are left`);
  if (!signer) return say('not-observable', `${lifetime}, which is over; nobody else who signs can be seen`);
  return say('proved', `${lifetime}, which is over since the application signs with the new key`);
}

/** A fresh token of the application that signs; null when none is configured. */
export async function askSigner(signer: Signer | null): Promise<string | null> {
  if (!signer) return null;
  const { origin, pathname } = new URL(signer.url);
  const authorization = await signer.authorization?.();
  const answer = await new Http('signer', origin, deadlineMs).send({
    ...{ operation: 'askSigner', method: 'GET', path: pathname },
    headers: authorization === undefined ? {} : { authorization },
  });
  const token = /[\w-]{10,}\.[\w-]{2,}\.[\w-]{10,}/.exec(answer.text)?.[0];
  if (token === undefined) throw new OutsideError('signer', 'askSigner', { code: 'NO_TOKEN' });
  return token;
}
