import type { EvidenceKind } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { AccessCheck } from '../shared/access.js';
import { recordFinding } from '../shared/evidence.js';
import { checkAccess } from './access.js';
import { contextOf, type DocumentEngineContext, type DocumentEngineDeps, type Observed } from './context.js';
import { checkDeep, type DeepCheck } from './deep.js';
import { processTestDocument } from './documents.js';
import { requireKept } from './environment.js';
import { accepts, refuses } from './probes.js';
import { addSecret, dropSpare, expireSecret, generate, identifySecret, isListed } from './secrets.js';
import { isIdle, sawUse } from './signer.js';
import { displace, expireOthers, makeCurrent, type Succession } from './succession.js';
import { survey } from './survey.js';

/** Document Engine as provider and engine: it issues and uses its own secrets. */
export function createDocumentEngineActivities({ store, account }: Omit<DocumentEngineDeps, 'verbs'>) {
  const deps = { store, account, verbs: new Set<string>() };

  /** An activity on a version. */
  function on<T>(act: (context: DocumentEngineContext) => Promise<T>) {
    return async (version: VersionRef): Promise<T> => act(await contextOf(deps, version));
  }

  /** A check of a version, whose result becomes evidence. */
  function finds(kind: EvidenceKind, look: (context: DocumentEngineContext) => Promise<Observed>) {
    return on(async (context) => recordFinding(store, context.ref, { kind, ...(await look(context)) }));
  }

  /** An activity on the engine of a credential. */
  function at<T>(act: (context: DocumentEngineContext) => Promise<T>) {
    return async (credential: string): Promise<T> => act(await contextOf(deps, { credential, number: 0, fence: 0 }));
  }

  return {
    /** Throws when a restart would bring back the environment's secrets. Sends no request to the engine. */
    requireKept: on(requireKept),

    /** Generates the version's value and stores it before anything is sent. */
    generate: on(generate),

    /** Adds the version's value beside the current secret, or renews an added one. Idempotent: it reads the list first. */
    addSecret: on(addSecret),

    /** Makes the version's value the current secret; the former one stays valid beside it. Needs fresh proof. */
    makeCurrent: async ({ version, former }: Succession): Promise<void> =>
      makeCurrent(await contextOf(deps, version), former),

    /** Ends every secret known to hold the version's value. Needs fresh proof. */
    expireSecret: on(expireSecret),

    /** Ends the version's added secret, once the version is the current one. */
    dropSpare: on(dropSpare),

    /** Emergency: a new throwaway value becomes the current secret. */
    displace: on(displace),

    /** Emergency: ends every secret but the current one and those of the version. */
    expireOthers: on(expireOthers),

    /** Whether the engine lists the version's secret, and its current secret is a known one. */
    isListed: finds('listed', isListed),

    /** Whether the engine accepts the version's value. Of a base only its entry in the list and the engine's builds are observable. */
    accepts: on(accepts),

    /** Whether the engine refuses the version's value. Few requests with a wrong password: they may count as attacks. */
    refuses: on(refuses),

    /** Whether the application that signs tokens does so with the version's key. */
    sawUse: finds('in-use', sawUse),

    /** Whether every token that was signed with the version's key has expired. */
    isIdle: finds('idle', isIdle),

    /** Whether a document can be uploaded, viewed and deleted. Idempotent, since the document has an id of our own. */
    processTestDocument: finds('document', processTestDocument),

    /** Records the id of the current secret, which an adopted value is asserted to be. */
    identifySecret: on(identifySecret),

    /** State of the engine for `keyturn reconcile`. Changes nothing. */
    survey: at(survey),

    /** Finds out for `keyturn check --deep` how the engine behaves, with throwaway values. */
    checkDeep: (wanted: DeepCheck): Promise<AccessCheck[]> => checkDeep(deps, wanted),

    /** The checks of `keyturn check` on the engine. */
    checkAccess: at(checkAccess),
  };
}

export type DocumentEngineActivities = ReturnType<typeof createDocumentEngineActivities>;
