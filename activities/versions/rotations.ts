import type { Evidence, EvidenceKind } from '../../src/domain/evidence.js';
import type { DecisionRequest, RotationOutcome, RotationReport } from '../../src/domain/rotation.js';
import type { EndProof, VersionRef } from '../../src/domain/version.js';
import type { Version } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import { requireFence } from '../shared/fencing.js';
import { scope } from '../shared/scope.js';
import { signed, unknownActor } from './wishes.js';

export interface Recorded extends DecisionRequest {
  readonly version: VersionRef;
  /** Title of the step it was about. */
  readonly title: string;
  /** What the step had to show, where it was a check. */
  readonly kind?: EvidenceKind;
}

/** Who decided, and why. */
export type Author = Pick<DecisionRequest, 'actor' | 'reason'>;

/** What is asked of a wait, by the id under which a command has written it down. */
export interface Hastened {
  readonly version: VersionRef;
  /** Of the wait. */
  readonly title: string;
  readonly wish: string;
}

export interface Closing {
  readonly version: VersionRef;
  readonly outcome: RotationOutcome;
  readonly why: string | null;
  /** The first fence of an emergency that took several: versions ended under each of them. */
  readonly since?: number;
}

/** Questions a person may answer in place of a check. What a destruction has to prove is not among them. */
const answerable: readonly EvidenceKind[] = ['idle', 'sole-user', 'seen'];

/** What a stranger says is no evidence. */
export async function recordDecision(store: Store, recorded: Recorded): Promise<Author> {
  const { version, title, decision, kind, withoutProof } = recorded;
  const granted = await isGranted(store, recorded);
  const { actor, reason } = granted ? recorded : { actor: unknownActor, reason: signed(recorded) };
  const { credential, number, fence } = version;
  await store.record({
    event: 'decided',
    credential,
    version: number,
    fence,
    actor,
    title,
    outcome: withoutProof ? `${decision} without proof` : decision,
    detail: reason,
  });
  const answered = withoutProof && kind === 'in-use' ? 'seen' : kind;
  const author = { actor, reason };
  if (!granted || decision !== 'skip' || !answered || !answerable.includes(answered)) return author;
  const how = withoutProof ? 'accepted without proof by' : 'accepted by';
  await store.prove(version, { kind: answered, outcome: 'not-observable', detail: `${how} ${actor}: ${reason}` });
  return author;
}

/** Whether a command has written down this very decision. */
async function isGranted(store: Store, { version, wish, ...said }: Recorded): Promise<boolean> {
  const granted = wish === undefined ? null : await store.grant(wish, version.credential, scope().writer);
  if (granted?.for !== 'decision') return false;
  const { actor, question, decision, reason, withoutProof } = granted;
  const isSame = actor === said.actor && reason === said.reason && question === said.question;
  return isSame && decision === said.decision && withoutProof === said.withoutProof;
}

/** Nobody ends or moves a wait whom no command has written down: it lasts as long as before. */
export async function grantHaste(store: Store, { version, title, wish }: Hastened): Promise<number | null> {
  const { credential, number, fence } = version;
  const granted = await store.grant(wish, credential, scope().writer);
  const byMs = granted?.for === 'haste' ? granted.byMs : 0;
  const ends = { outcome: 'end-grace', detail: 'not waited for any longer' };
  const moves = { outcome: 'extend-grace', detail: `waited for ${(byMs ?? 0) / 60_000} minutes longer` };
  const ignored = { outcome: 'ignored', detail: 'no command wrote down what was asked of this wait' };
  await store.record({
    ...{ event: 'decided', credential, version: number, fence, title, actor: granted?.actor ?? unknownActor },
    ...(granted?.for !== 'haste' ? ignored : byMs === null ? ends : moves),
  });
  return byMs;
}

export async function closeRotation(
  store: Store,
  { version, outcome, why, since = version.fence }: Closing,
): Promise<Pick<RotationReport, 'oldCredential' | 'orphans'>> {
  const rotations = await store.rotations(version.credential);
  const closed = rotations.find(({ fence }) => fence === version.fence)?.outcome === outcome; // by an attempt whose answer was lost
  if (!closed) {
    await requireFence(store, version);
    await dropUntried(store, version);
    await store.close(version, outcome, why);
  }
  const versions = await store.versions(version.credential);
  const openedAt = rotations.find(({ fence }) => fence === version.fence)?.openedAt ?? 0;
  const about = (await Promise.all(versions.map((each) => store.evidence(each)))).flat();
  const attempts = (await store.intents(version.credential)).filter((intent) => intent.outcome === 'open');
  return {
    oldCredential: weakest(versions.filter(({ fence, number }) => fence >= since && number !== version.number)),
    orphans: [
      ...versions.filter(isUnfinished).map(described),
      ...attempts.map(({ label }) => `an attempt may have made "${label}" at the provider`),
      ...processesApart(about.filter(({ at }) => at >= openedAt)),
      ...documentsLeft(about.filter(({ at }) => at >= openedAt)).map((name) => `test document ${name} in DocuElevate`),
    ],
  };
}

/** What the newest finding says where the engine's processes do not agree. */
function processesApart(evidence: readonly Evidence[]): string[] {
  const newest = evidence.filter(({ kind }) => kind === 'processes').sort((a, b) => b.at - a.at)[0];
  return newest?.outcome === 'failed' ? [newest.detail] : [];
}

/** Names of the test documents that were handed in for a version and are not known to be gone. */
function documentsLeft(evidence: readonly Evidence[]): string[] {
  const documents = evidence.filter(({ kind }) => kind === 'test-document');
  const names = [...new Set(documents.map(({ detail }) => detail))];
  return names.filter((name) => documents.find(({ detail }) => detail === name)?.outcome !== 'proved');
}

/** A version that nothing was ever tried for is a number and no more. */
async function dropUntried(store: Store, version: VersionRef): Promise<void> {
  const { state } = await store.read(version);
  if (state !== 'intended') return;
  if ((await store.intents(version.credential)).some((intent) => intent.version === version.number)) return;
  await store.move(version, 'discarding');
  await store.move(version, 'discarded');
}

function isUnfinished({ state }: Version): boolean {
  return state !== 'current' && state !== 'retired' && state !== 'discarded';
}

function described({ number, state, providerId }: Version): string {
  return `version ${number} is ${state}${providerId === null ? '' : ` (${providerId})`}`;
}

/** The weakest way in which the versions that ended were shown to be refused; null when none ended. */
function weakest(versions: readonly Version[]): RotationReport['oldCredential'] {
  const endProof = versions.map((version): EndProof | null => version.endProof);
  if (endProof.includes('attested')) return 'attested';
  if (endProof.includes('not-observable')) return 'not-observable';
  return endProof.includes('proved') ? 'refused' : null;
}
