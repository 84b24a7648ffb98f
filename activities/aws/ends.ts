import type { VersionRef } from '../../src/domain/version.js';
import { found, presentFence, presentProof } from '../shared/guard.js';
import { needsDecision, passing } from '../shared/patience.js';
import { accepted, askUntil } from '../shared/probes.js';
import { scope } from '../shared/scope.js';
import { stillSettling } from '../shared/settling.js';
import { lastUseFinding } from '../shared/usage.js';
import type { AwsDeps } from './activities.js';
import { sweepOwn, type Work, workOn } from './lost.js';
import { acceptance, objectName } from './probes.js';
import { isForbidden } from './refusals.js';

export async function deactivateKey(deps: AwsDeps, ref: VersionRef): Promise<void> {
  const { store } = deps;
  await presentProof(store, ref, true);
  const { providerId: id, adopted, compromised } = await store.read(ref);
  if (id === null && adopted) throw cannotAttribute(ref);
  const work = await workOn(deps, ref);
  await sweepOwn(work);
  if (id === null) return;
  await store.note(ref, { provider: 'unknown' });
  await presentFence(store, ref);
  const there = await work.client.switchKey(id, 'Inactive');
  await store.note(ref, { provider: 'disabled' });
  if (!compromised) return;
  await denySessions(work);
  if (there) await found(store, ref, lastUseFinding('AWS', (await work.client.lastUsed(id)) ?? null));
}

export async function activateKey(deps: AwsDeps, ref: VersionRef): Promise<void> {
  const { store } = deps;
  const { providerId: id, compromised } = await store.read(ref);
  if (compromised || id === null) throw staysOff(ref);
  const { client, connection } = await workOn(deps, ref);
  await presentFence(store, ref);
  if (!(await client.switchKey(id, 'Active'))) throw staysOff(ref);
  await store.note(ref, { provider: 'unknown' });
  await found(store, ref, { kind: 'refused', outcome: 'failed', detail: 'it was switched on again' });
  const prober = acceptance(client, connection, objectName(deps, connection, ref));
  const answer = await askUntil('refused', prober, await store.unseal(ref));
  if (answer.verdict !== 'refused') return store.prove(ref, accepted(prober, answer)); // a use of ours
  const { waitedMs } = scope();
  if (waitedMs < connection.settlingMs)
    throw stillSettling('AWS does not accept the key again everywhere yet', waitedMs, connection.settlingMs);
}

export async function deleteKey(deps: AwsDeps, ref: VersionRef): Promise<void> {
  const { store } = deps;
  await presentProof(store, ref);
  const { providerId: id, adopted } = await store.read(ref);
  if (id === null && adopted) throw cannotAttribute(ref);
  const work = await workOn(deps, ref);
  await sweepOwn(work);
  if (id === null) return;
  await store.note(ref, { provider: 'unknown' });
  await presentFence(store, ref);
  const { client } = work;
  if (!(await client.deleteKey(id))) return;
  if ((await client.keys()).some((key) => key.id === id)) throw passing('AWS still lists the key that it deleted');
}

/** Temporary credentials live on for up to 36 hours without the key they were issued with, unless a policy denies them. */
async function denySessions({ deps: { store }, client, connection, ref }: Work): Promise<void> {
  const { settlingMs, user } = connection;
  const now = (client.providerTime ?? Math.floor(Date.now() / 1000)) + 1; // AWS tells whole seconds
  const before = new Date(now * 1000 + settlingMs).toISOString();
  const Condition = { DateLessThan: { 'aws:TokenIssueTime': before } };
  const Statement = [{ Effect: 'Deny', Action: '*', Resource: '*', Condition }];
  const say = (outcome: 'proved' | 'not-observable', detail: string) =>
    found(store, ref, { kind: 'sessions', outcome, detail });
  try {
    await presentFence(store, ref);
    await client.putPolicy('keyturn-deny-sessions', { Version: '2012-10-17', Statement });
    await say('proved', `a policy of ${user} denies whatever temporary credentials were issued before ${before}`);
  } catch (error) {
    if (!isForbidden(error)) throw error;
    const why = 'Keyturn has no iam:PutUserPolicy on it';
    await say('not-observable', `temporary credentials of ${user} stay usable until they expire: ${why}`);
  }
}

function cannotAttribute({ credential, number }: VersionRef): Error {
  return needsDecision(`version ${number} of ${credential} was adopted, and which key it is at AWS is not known`);
}

function staysOff({ credential, number }: VersionRef): Error {
  return needsDecision(`version ${number} of ${credential} is gone at AWS or compromised, so it stays off`);
}
