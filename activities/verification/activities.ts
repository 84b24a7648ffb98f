import type { VersionRef } from '../../src/domain/version.js';
import type { EngineUse } from '../../src/domain/procedure.js';
import type { Terms, Verification } from '../../src/domain/verification.js';
import type { Store } from '../../src/store/store.js';
import type { UploadedAgain } from '../docuelevate/kept.js';
import type { EngineLook, LookedFor } from '../docuelevate/look.js';
import type { ProviderSurvey } from '../shared/survey.js';
import { heal, type Healed } from './heal.js';
import { lookAt, type Seen } from './look.js';

/** Whom a credential is asked about, and what can be seen at all. */
export interface Verified {
  readonly terms: Terms;
  /** Null where no document of the engine needs it. */
  readonly use: EngineUse | null;
  /** The account at the provider. `quietly`: what is listed is not asked with. */
  survey(quietly: boolean): Promise<ProviderSurvey>;
  look(wanted: LookedFor): Promise<EngineLook>;
  /** Has the engine use the value, with the document that is kept for it; null where there is none, or it would leave something. */
  readonly uploadAgain: UploadsAgain | null;
  /** Null where the engine is not told to reload anything. */
  readonly makeReload: ((version: VersionRef) => Promise<string | null>) | null;
}

/** A use that a look can bring about. */
export interface UploadsAgain {
  /** How often looks do it; null when only people look. */
  readonly everyMs: number | null;
  upload(): Promise<UploadedAgain>;
}

export interface VerificationDeps {
  readonly store: Store;
  /** Unix milliseconds, our clock. */
  readonly now: () => number;
  /** Null when the configuration does not have it. */
  readonly verified: (credential: string) => Verified | null;
  /** Names of the credentials that an engine uses. */
  readonly credentialsOf: (engine: string) => readonly string[];
}

/** Whether what was proved once is still in force: looks that cost nothing and leave nothing, and the one cure that is safe. */
export function createVerificationActivities(deps: VerificationDeps) {
  return {
    /** What of an engine can be looked at: credentials with a version in force. */
    async credentialsOf(engine: string): Promise<string[]> {
      const inForce = (await deps.store.versions()).filter(({ state }) => state === 'current');
      return deps.credentialsOf(engine).filter((name) => inForce.some(({ credential }) => credential === name));
    },

    /** Looks at a credential once, and keeps what was found. Changes nothing outside. */
    lookAt: (credential: string): Promise<Seen> => lookAt(deps, credential),

    /** Makes the engine reload its settings, once in a drift. */
    heal: (credential: string): Promise<Healed> => heal(deps, credential),

    /** Keeps why nothing could be seen; what was known stays known. */
    async keepTrouble({ credential, why }: { readonly credential: string; readonly why: string }): Promise<void> {
      const known: Verification | null = await deps.store.verification(credential);
      if (known) await deps.store.keepVerification(known, { ...known, trouble: why });
    },
  };
}

export type VerificationActivities = ReturnType<typeof createVerificationActivities>;
