import { formatDuration } from '../../src/domain/duration.js';
import type { Evidence, EvidenceKind } from '../../src/domain/evidence.js';
import type { DecisionRequest, RotationOutcome, RotationReport } from '../../src/domain/rotation.js';
import type { EndProof, VersionRef, VersionState } from '../../src/domain/version.js';
import type { Version } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import { requireFence } from '../shared/fencing.js';
import { scope } from '../shared/scope.js';
import { signed, unknownActor } from './wishes.js';

interface Recorded extends DecisionRequest {
  readonly version: VersionRef;
  /** Title of the step that the decision is about. */
  readonly title: string;
  /** What the step had to prove, where it was a check. */
  readonly kind?: EvidenceKind;
}

/** A change of a wait. `wish` is the id of the command's record in the store. */
interface Hastened {
  readonly version: VersionRef;
  /** Title of the wait. */
  readonly title: string;
  readonly wish: string;
}

interface Closing {
  readonly version: VersionRef;
  readonly outcome: RotationOutcome;
  readonly why: string | null;
  /** The first fence of an emergency that took several. Versions ended under each of them. */
  readonly since?: number;
}

/** Checks that a person may answer. The proofs that a destruction requires are not among them. */
const answerable: readonly EvidenceKind[] = ['idle', 'sole-user', 'seen'];

/**
 * Records a person's decision in the ledger. Skipping a question that only a person can answer counts as the answer. Without a command's
 * record it is no evidence.
 */
export async function recordDecision(
  store: Store,
  recorded: Recorded,
): Promise<Pick<DecisionRequest, 'actor' | 'reason'>> {
  const { version, title, decision, kind, withoutProof } = recorded;
  const granted = await isGranted(store, recorded);
  const { actor, reason } = granted ? recorded : { actor: unknownActor, reason: signed(recorded) };
  const { credential, number, fence } = version;
  await store.record({
    ...{ event: 'decided', credential, version: number, fence, actor, title },
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

/** Whether a command recorded exactly this decision in the store. */
async function isGranted(store: Store, { version, wish, ...said }: Recorded): Promise<boolean> {
  const granted = wish === undefined ? null : await store.grant(wish, version.credential, scope().writer);
  if (granted?.for !== 'decision') return false;
  const { actor, question, decision, reason, withoutProof } = granted;
  const isSame = actor === said.actor && reason === said.reason && question === said.question;
  return isSame && decision === said.decision && withoutProof === said.withoutProof;
}

/**
 * How much longer a wait lasts after a command changed it, in milliseconds. Null: it ends now. Without a command's record in the store it
 * lasts as long as before.
 */
export async function grantHaste(store: Store, { version, title, wish }: Hastened): Promise<number | null> {
  const { credential, number, fence } = version;
  const granted = await store.grant(wish, credential, scope().writer);
  const byMs = granted?.for === 'haste' ? granted.byMs : 0;
  const ends = { outcome: 'end-grace', detail: 'the wait ends now' };
  const moves = { outcome: 'extend-grace', detail: `the wait lasts ${formatDuration(byMs ?? 0)} longer` };
  const ignored = { outcome: 'ignored', detail: 'no command in the store asked for a change of this wait' };
  await store.record({
    ...{ event: 'decided', credential, version: number, fence, title, actor: granted?.actor ?? unknownActor },
    ...(granted?.for !== 'haste' ? ignored : byMs === null ? ends : moves),
  });
  return byMs;
}

/** Ends the rotation and lists its orphans. */
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
  const evidence = (await Promise.all(versions.map((each) => store.evidence(each)))).flat();
  const about = evidence.filter(({ at }) => at >= openedAt);
  const attempts = (await store.intents(version.credential)).filter((intent) => intent.outcome === 'open');
  return {
    oldCredential: weakest(versions.filter(({ fence, number }) => fence >= since && number !== version.number)),
    orphans: [
      ...versions.filter(({ state }) => !finished.includes(state)).map(described),
      ...attempts.map(({ label }) => `an attempt may have created "${label}" at the provider`),
      ...processesApart(about),
      ...documentsLeft(about).map((name) => `test document ${name} in DocuElevate`),
    ],
  };
}

/** The newest finding that the engine's processes differ; empty when they agree. */
function processesApart(evidence: readonly Evidence[]): string[] {
  const newest = evidence.filter(({ kind }) => kind === 'processes').sort((a, b) => b.at - a.at)[0];
  return newest?.outcome === 'failed' ? [newest.detail] : [];
}

/** Names of test documents of a version that are not known to be deleted. */
function documentsLeft(evidence: readonly Evidence[]): string[] {
  const documents = evidence.filter(({ kind }) => kind === 'test-document');
  const names = [...new Set(documents.map(({ detail }) => detail))];
  return names.filter((name) => documents.find(({ detail }) => detail === name)?.outcome !== 'proved');
}

async function dropUntried(store: Store, version: VersionRef): Promise<void> {
  const { state } = await store.read(version);
  if (state !== 'intended') return;
  if ((await store.intents(version.credential)).some((intent) => intent.version === version.number)) return;
  await store.move(version, 'discarding');
  await store.move(version, 'discarded');
}

const finished: readonly VersionState[] = ['current', 'retired', 'discarded'];

function described({ number, state, providerId }: Version): string {
  return `version ${number} is ${state}${providerId === null ? '' : ` (${providerId})`}`;
}

/** The weakest end proof among the versions that ended. Null when none ended. */
function weakest(versions: readonly Version[]): RotationReport['oldCredential'] {
  const endProof = versions.map((version): EndProof | null => version.endProof);
  if (endProof.includes('attested')) return 'attested';
  if (endProof.includes('not-observable')) return 'not-observable';
  return endProof.includes('proved') ? 'refused' : null;
}
