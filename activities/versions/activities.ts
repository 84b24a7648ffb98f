import type { EvidenceKind, Finding } from '../../src/domain/evidence.js';
import type { Begun, RotationPolicy, RotationReport, RotationRequest } from '../../src/domain/rotation.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { CredentialRow, Seized, Seizure } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import { recordFinding } from '../shared/evidence.js';
import { scope } from '../shared/scope.js';
import { isUnderWay, letPass, recordContained } from './emergencies.js';
import {
  type Author,
  closeRotation,
  type Closing,
  grantHaste,
  type Hastened,
  recordDecision,
  type Recorded,
} from './rotations.js';
import { isSeen, letProbesPass, type Passing, type Seen } from './seen.js';
import { declared, policyOf, wanted } from './wishes.js';
import { recordDiscarded, recordEnd, soleUser, startDiscard } from './versions.js';

export interface VersionsDeps {
  readonly store: Store;
  /** The credential as configured, what it claims for itself alone, and how it is to be rotated. */
  credential(name: string): Configured;
}

export interface Configured {
  readonly row: CredentialRow;
  readonly claims: readonly string[];
  readonly policy: RotationPolicy;
}

/** Whose rotation is asked for, by whom and why: as the message says, and under which id the store may know better. */
export interface Asked {
  readonly credential: string;
  readonly request: RotationRequest;
  readonly wish?: string;
}

/** Whose emergency it is, and who asked for it. */
export interface Taken {
  readonly credential: string;
  readonly request: Seizure;
}

/** What an emergency has taken over, and how the configuration wants it to go on. */
export interface Taking extends Seized, Pick<Begun, 'policy'> {
  /** A step of another run may still change something. */
  readonly interrupts?: true;
}

export interface NotObservable {
  readonly version: VersionRef;
  readonly kind: EvidenceKind;
  /** One sentence for a person. */
  readonly why: string;
}

/** What workflows ask of the store. */
export function createVersionsActivities(deps: VersionsDeps) {
  const { store } = deps;
  return {
    /** Opens the rotation: the fence is ours from here on, and the next version has a number. */
    openRotation: async (asked: Asked): Promise<Begun> => {
      const { row, claims, policy } = deps.credential(asked.credential);
      const { writer } = scope();
      const opened = await store.open(row, claims, await wanted(store, asked, writer), writer);
      return { ...opened, policy: await policyOf(store, policy, opened.next) };
    },

    /** An emergency: raises the fence, marks every named version as compromised and makes the next version. */
    seize: async ({ credential, request }: Taken): Promise<Taking> => {
      const { row, policy } = deps.credential(credential);
      const seized = await store.seize(row, await declared(store, credential, request), scope().writer);
      return { ...seized, policy, ...((await isUnderWay(store, seized.opened.next)) && { interrupts: true }) };
    },

    /** Done when nothing is under way any more that the rotation had begun from which an emergency took over. */
    letPass: (version: VersionRef): Promise<void> => letPass(store, version),

    /** The end of a version in an emergency, with the time since it was asked for. */
    recordContained: (version: VersionRef): Promise<void> => recordContained(store, version),

    /** Everything known is contained, also what an interrupted step still made. */
    stopClock: (version: VersionRef): Promise<void> => store.stopClock(version),

    /** The rotation goes on under a new run id, after continue-as-new. */
    handOver: async (version: VersionRef): Promise<RotationPolicy> => {
      const { policy } = deps.credential(version.credential);
      await store.handOver(version, scope().writer);
      return policyOf(store, policy, version);
    },

    /** Puts a version in force. */
    promote: (version: VersionRef): Promise<void> => store.promote(version),

    /** Puts the version before it in force again. */
    demote: (version: VersionRef): Promise<void> => store.demote(version),

    /** From here on the version may be destroyed, once the engine does not hold it. */
    startDiscard: (version: VersionRef): Promise<void> => startDiscard(store, version),

    recordDiscarded: (version: VersionRef): Promise<void> => recordDiscarded(store, version),

    /** The end of a version, shown by the newest finding about its refusal. */
    recordEnd: (version: VersionRef): Promise<void> => recordEnd(store, version),

    /** Whether nothing but the engine uses a version: known of those made here, asserted of adopted ones. */
    soleUser: (version: VersionRef): Promise<Finding> => soleUser(store, version),

    /** Whether the engine is seen to use a version, or somebody accepts that it cannot be seen. */
    isSeen: (seen: Seen): Promise<Finding> => isSeen(store, seen),

    /** Done when a use of the version can be told from our own probes of it. */
    letProbesPass: (passing: Passing): Promise<void> => letProbesPass(store, passing),

    /** What a provider gives no way to tell, put on record with the reason. */
    notObservable: ({ version, kind, why }: NotObservable): Promise<Finding> =>
      recordFinding(store, version, { kind, outcome: 'not-observable', detail: why }),

    /** A person's word, for the ledger. Skipping a question that only a person can answer counts as the answer. */
    recordDecision: (recorded: Recorded): Promise<Author> => recordDecision(store, recorded),

    /** How much longer a wait is to last, in milliseconds, as somebody asked by a command; null when it is to end now. */
    grantHaste: (hastened: Hastened): Promise<number | null> => grantHaste(store, hastened),

    /** Ends the rotation and lists its orphans. */
    closeRotation: (closing: Closing): Promise<Pick<RotationReport, 'oldCredential' | 'orphans'>> =>
      closeRotation(store, closing),
  };
}

export type VersionsActivities = ReturnType<typeof createVersionsActivities>;
