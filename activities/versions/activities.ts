import type { EvidenceKind, Finding } from '../../src/domain/evidence.js';
import type { Begun, RotationPolicy, RotationRequest } from '../../src/domain/rotation.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { CredentialRow, Seized, Seizure } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import { reporting } from '../shared/evidence.js';
import { scope } from '../shared/scope.js';
import { withDeps } from '../shared/with-deps.js';
import { letPass, mayBeUnderWay, recordContained } from './emergencies.js';
import { closeRotation, grantHaste, recordDecision } from './rotations.js';
import { declared, policyOf, wanted } from './wishes.js';
import { endOfTask, giveUpTask, lookAtTask } from './tasks.js';
import { isSeen, letProbesPass, recordDiscarded, recordEnd, soleUser, startDiscard } from './versions.js';

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

interface NotObservable {
  readonly version: VersionRef;
  readonly kind: EvidenceKind;
  /** One sentence for a person. */
  readonly why: string;
}

/** The store's activities for workflows. */
export function createVersionsActivities(deps: VersionsDeps) {
  const { store } = deps;
  return {
    ...withDeps(store, { lookAtTask, giveUpTask, endOfTask }),
    ...withDeps(store, { letPass, recordContained, recordDecision, grantHaste, closeRotation }),
    ...withDeps(store, { startDiscard, recordDiscarded, recordEnd, soleUser, isSeen, letProbesPass, notObservable }),

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
  };
}

export type VersionsActivities = ReturnType<typeof createVersionsActivities>;

/** Records that a provider cannot show something, with the reason. */
function notObservable(store: Store, { version, kind, why }: NotObservable): Promise<Finding> {
  return reporting(store, version, kind)('not-observable', why);
}
