import type { EvidenceKind, Finding } from '../../src/domain/evidence.js';
import type { Begun, RotationPolicy, RotationReport, RotationRequest } from '../../src/domain/rotation.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { CredentialRow, Seized, Seizure } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import { recordFinding } from '../shared/evidence.js';
import { scope } from '../shared/scope.js';
import { letPass, mayBeUnderWay, recordContained } from './emergencies.js';
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
  /** The configuration of one credential: its row, the resources that it claims exclusively, and its policy. */
  credential(name: string): Configured;
}

export interface Configured {
  readonly row: CredentialRow;
  readonly claims: readonly string[];
  readonly policy: RotationPolicy;
}

/** A request for a rotation. The message can name anybody as its actor; the store's own record has the id `wish`. */
export interface Asked {
  readonly credential: string;
  readonly request: RotationRequest;
  readonly wish?: string;
}

/** A request for an emergency. */
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

/** The store's activities for workflows. */
export function createVersionsActivities(deps: VersionsDeps) {
  const { store } = deps;
  return {
    /** Opens the rotation: takes the fence and numbers the next version. */
    openRotation: async (asked: Asked): Promise<Begun> => {
      const { row, claims, policy } = deps.credential(asked.credential);
      const { writer } = scope();
      const opened = await store.open(row, claims, await wanted(store, asked, writer), writer);
      return { ...opened, policy: await policyOf(store, policy, opened.next) };
    },

    /** Begins an emergency: raises the fence, marks every named version as compromised and numbers the next version. */
    seize: async ({ credential, request }: Taken): Promise<Taking> => {
      const { row, policy } = deps.credential(credential);
      const seized = await store.seize(row, await declared(store, credential, request), scope().writer);
      return { ...seized, policy, ...((await mayBeUnderWay(store, seized.opened.next)) && { interrupts: true }) };
    },

    /** Succeeds when no step of the interrupted rotation is under way any more. */
    letPass: (version: VersionRef): Promise<void> => letPass(store, version),

    /** Records the end of a version in an emergency, with the time since the command. */
    recordContained: (version: VersionRef): Promise<void> => recordContained(store, version),

    /** Everything known is contained, including what an interrupted step created. */
    stopClock: (version: VersionRef): Promise<void> => store.stopClock(version),

    /** The rotation continues under a new run id, after continue-as-new. */
    handOver: async (version: VersionRef): Promise<RotationPolicy> => {
      const { policy } = deps.credential(version.credential);
      await store.handOver(version, scope().writer);
      return policyOf(store, policy, version);
    },

    /** Puts a version in force. */
    promote: (version: VersionRef): Promise<void> => store.promote(version),

    /** Puts the previous version in force again. */
    demote: (version: VersionRef): Promise<void> => store.demote(version),

    /** From here on the version may be destroyed once the engine no longer holds it. */
    startDiscard: (version: VersionRef): Promise<void> => startDiscard(store, version),

    recordDiscarded: (version: VersionRef): Promise<void> => recordDiscarded(store, version),

    /** Records the end of a version. Its end proof is the newest finding about its refusal. */
    recordEnd: (version: VersionRef): Promise<void> => recordEnd(store, version),

    /** Whether only the engine uses a version: known of generated values, asserted by a person for adopted ones. */
    soleUser: (version: VersionRef): Promise<Finding> => soleUser(store, version),

    /** Whether the engine was seen to use a version, or a person accepts that its use cannot be seen. */
    isSeen: (seen: Seen): Promise<Finding> => isSeen(store, seen),

    /** Waits until the provider can tell a use of the version from our own probes. */
    letProbesPass: (passing: Passing): Promise<void> => letProbesPass(store, passing),

    /** Records that a provider cannot show something, with the reason. */
    notObservable: ({ version, kind, why }: NotObservable): Promise<Finding> =>
      recordFinding(store, version, { kind, outcome: 'not-observable', detail: why }),

    /** Records a person's decision in the ledger. Skipping a question that only a person can answer counts as the answer. */
    recordDecision: (recorded: Recorded): Promise<Author> => recordDecision(store, recorded),

    /** How much longer a wait lasts after a command changed it, in milliseconds. Null: it ends now. */
    grantHaste: (hastened: Hastened): Promise<number | null> => grantHaste(store, hastened),

    /** Ends the rotation and lists its orphans. */
    closeRotation: (closing: Closing): Promise<Pick<RotationReport, 'oldCredential' | 'orphans'>> =>
      closeRotation(store, closing),
  };
}

export type VersionsActivities = ReturnType<typeof createVersionsActivities>;
