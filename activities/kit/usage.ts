import type { Finding } from '../../src/domain/evidence.js';
import { recordFinding } from '../shared/evidence.js';
import { type LastUse, seenInUse, switchTime, unusedSince } from '../shared/usage.js';
import type { Work } from './recovery.js';

export async function sawUse(work: Work): Promise<Finding> {
  const { store, ref } = work;
  return seenInUse(await usageOf(work), store, ref);
}

export async function isIdle(work: Work): Promise<Finding> {
  const { store, account, ref } = work;
  const usage = await usageOf(work);
  const reading = { switchedAt: await switchTime(store, ref.credential), readAt: account.providerTime };
  return recordFinding(store, ref, await unusedSince({ ...usage, ...reading }, store, ref));
}

async function usageOf(work: Work) {
  const { store, name, account, ref } = work;
  const { propagationMs, usageResolutionMs = 0 } = account;
  const { providerId } = await store.read(ref);
  return { name, propagationMs, usageResolutionMs, lastUsed: await lastUse(work, providerId) };
}

export async function lastUse({ name, account }: Work, id: string | null): Promise<LastUse> {
  if (!account.lastUse) return `${name} does not report when a value was used`;
  return id === null ? `its id at ${name} is unknown` : account.lastUse(id);
}
