import type { VersionRef } from '../../src/domain/version.js';
import type { EngineUse } from '../../src/domain/procedure.js';
import type { Terms, Verification } from '../../src/domain/verification.js';
import type { Store } from '../../src/store/store.js';
import type { UploadedAgain } from '../docuelevate/kept.js';
import type { EngineLook, LookedFor } from '../docuelevate/look.js';
import type { ProviderSurvey } from '../shared/survey.js';
import { heal, type Healed } from './heal.js';
import { lookAt, type Seen } from './look.js';

/** How a credential is verified. */
export interface Verified {
  readonly terms: Terms;
  /** Null where no document of the engine needs the credential. */
  readonly use: EngineUse | null;
  /** The account at the provider. `quietly`: does not probe with listed values. */
  survey(quietly: boolean): Promise<ProviderSurvey>;
  look(wanted: LookedFor): Promise<EngineLook>;
  /** Makes the engine use the value, with the kept document. Null where there is none, or where it would leave something behind. */
  readonly uploadAgain: UploadsAgain | null;
  /** Null where the engine needs no reload. */
  readonly makeReload: ((version: VersionRef) => Promise<string | null>) | null;
}

/** A use of the value that a verification can cause. */
export interface UploadsAgain {
  /** Interval of the scheduled verifications. Null when only people verify. */
  readonly everyMs: number | null;
  upload(): Promise<UploadedAgain>;
}

export interface VerificationDeps {
  readonly store: Store;
  /** Unix milliseconds, our clock. */
  readonly now: () => number;
  /** Null when the credential is not in the configuration. */
  readonly verified: (credential: string) => Verified | null;
  /** Names of the credentials that an engine uses. */
  readonly credentialsOf: (engine: string) => readonly string[];
}

/** Verifies that the version in force is still in use. The checks cost nothing and leave nothing; the only repair is a reload. */
export function createVerificationActivities(deps: VerificationDeps) {
  return {
    /** The engine's credentials that can be verified: those with a version in force. */
    async credentialsOf(engine: string): Promise<string[]> {
      const inForce = (await deps.store.versions()).filter(({ state }) => state === 'current');
      return deps.credentialsOf(engine).filter((name) => inForce.some(({ credential }) => credential === name));
    },

    /** Verifies a credential once and stores the result. Changes nothing outside. */
    lookAt: (credential: string): Promise<Seen> => lookAt(deps, credential),

    /** Makes the engine reload its settings, once per drift. */
    heal: (credential: string): Promise<Healed> => heal(deps, credential),

    /** Stores why nothing could be verified. Earlier results stay. */
    async keepTrouble({ credential, why }: { readonly credential: string; readonly why: string }): Promise<void> {
      const known: Verification | null = await deps.store.verification(credential);
      if (known) await deps.store.keepVerification(known, { ...known, trouble: why });
    },
  };
}

export type VerificationActivities = ReturnType<typeof createVerificationActivities>;
