import type { ProcedureDescriptor } from '../../src/domain/procedure.js';
import { defineRotation } from '../rotation/define.js';
import { seen } from '../rotation/seen.js';
import { documentEngine, versions } from '../systems.js';

export const documentEngineSecretKeyBase = {
  id: 'document-engine-secret-key-base',
  section: 'Secret keybase',
  engine: 'document-engine',
  provider: 'document-engine',
  settings: { secret_key_base: 'secret' },
  every: '180 days',
  overlap: 'both-valid',
  needsAdoption: true,
  workflow: 'rotateDocumentEngineSecretKeyBase',
  refusal: 'not-observable',
  ends: 'Dashboard sessions, whose keys derive from the old base: people have to sign in again.',
} as const satisfies ProcedureDescriptor;

export const rotateDocumentEngineSecretKeyBase = defineRotation(documentEngineSecretKeyBase, {
  accepts: (version) => documentEngine.isInForce(version),
  refuses: (version) => documentEngine.isGone(version),

  /** No request can use the base, so it is only looked up in the list. */
  async adopt(run, version) {
    await run.step('Find the current base in the list', documentEngine.identifySecret(version));
  },

  /** Guide, "Adding a new secret". Adds the former base as well: what a rotation does to it is not documented. */
  async replace(run) {
    await run.step('Make sure that a restart keeps the secrets', documentEngine.requireKept(run.next));
    await run.step('Generate a new base', documentEngine.generate(run.next));
    if (run.current) await run.step('Add the former base beside itself', documentEngine.addSecret(run.current));
    await run.step('Add the new base', documentEngine.addSecret(run.next), {
      undo: documentEngine.expireSecret(run.next),
    });
    if (!run.current) {
      await run.step('Make the new base current', documentEngine.makeCurrent({ version: run.next, former: null }));
      await run.step('Expire every other base', documentEngine.expireOthers(run.next));
    }
  },

  async verify(run, version) {
    await run.check('Somebody uses the base', documentEngine.sawUse(version));
    await run.check('A test document is processed', documentEngine.processTestDocument(version));
    await run.check('Document Engine is well and has the base', documentEngine.isInForce(version));
    await run.check('Document Engine lists the base', documentEngine.isListed(version));
  },

  /** Guide, "Rotating secrets" and "Expiring existing secrets". */
  async retire(run, old) {
    await run.check('Nothing uses the old base', documentEngine.isIdle(old), { whenNot: 'ask' });
    await run.check('The new base is seen in use', seen(run), { whenNot: 'ask' });
    await run.step('Make the new base current', documentEngine.makeCurrent({ version: run.next, former: old }));
    await run.step('Expire the old base', documentEngine.expireSecret(old));
    await run.check('The old base is gone from the list', documentEngine.isGone(old));
    await run.step('Let go of what was added for the new base', documentEngine.dropSpare(run.next));
    await run.check('Document Engine is well with the new base', documentEngine.isInForce(run.next));
  },

  async contain(run, targets) {
    await run.step('Make a base current that nobody holds', documentEngine.displace(run.next));
    await run.step('Expire every other base', documentEngine.expireOthers(run.next));
    for (const target of targets) {
      await run.check(`Version ${target.number} is gone from the list`, documentEngine.isGone(target));
      await run.step(`Record the end of version ${target.number}`, versions.recordEnd(target));
    }
  },
});
