import type { EvidenceKind, Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { AccessCheck } from '../shared/access.js';
import { recordFinding } from '../shared/evidence.js';
import { checkAccess } from './access.js';
import { contextOf, type EngineContext, type DocumentEngineDeps, type Observed } from './context.js';
import { checkDeep, type DeepCheck } from './deep.js';
import { requireKept } from './environment.js';
import { accepts, processTestDocument, refuses } from './probes.js';
import { addSecret, dropSpare, expireSecret, generate, identifySecret, isListed } from './secrets.js';
import { isIdle, sawUse } from './signer.js';
import { displace, expireOthers, makeCurrent, type Succession } from './succession.js';
import { survey } from './survey.js';

/** Document Engine as provider and engine: it issues and uses its own secrets. */
export function createDocumentEngineActivities({ store, account }: Omit<DocumentEngineDeps, 'verbs'>) {
  const deps = { store, account, verbs: new Set<string>() };

  /** An activity on a version. */
  function on<T>(act: (context: EngineContext) => Promise<T>) {
    return async (version: VersionRef): Promise<T> => act(await contextOf(deps, version));
  }

  /** A check of a version, whose result becomes evidence. */
  function finds(kind: EvidenceKind, look: (context: EngineContext) => Promise<Observed>) {
    return on(async (context): Promise<Finding> => {
      return recordFinding(store, context.ref, { kind, ...(await look(context)) });
    });
  }

  /** An activity on the engine of a credential. */
  function at<T>(act: (context: EngineContext) => Promise<T>) {
    return async (credential: string): Promise<T> => act(await contextOf(deps, { credential, number: 0, fence: 0 }));
  }

  return {
    requireKept: on(requireKept),
    generate: on(generate),
    addSecret: on(addSecret),
    makeCurrent: async ({ version, former }: Succession) => makeCurrent(await contextOf(deps, version), former),
    expireSecret: on(expireSecret),
    dropSpare: on(dropSpare),
    displace: on(displace),
    expireOthers: on(expireOthers),
    isListed: finds('listed', isListed),
    accepts: on(accepts),
    refuses: on(refuses),
    sawUse: finds('in-use', sawUse),
    isIdle: finds('idle', isIdle),
    processTestDocument: finds('document', processTestDocument),
    identifySecret: on(identifySecret),
    survey: at(survey),
    checkDeep: (wanted: DeepCheck): Promise<AccessCheck[]> => checkDeep(deps, wanted),
    checkAccess: at(checkAccess),
  };
}

export type DocumentEngineActivities = ReturnType<typeof createDocumentEngineActivities>;
