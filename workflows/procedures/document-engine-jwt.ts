import type { ProcedureDescriptor } from '../../src/domain/procedure.js';
import { defineRotation } from '../rotation/define.js';
import { seen } from '../rotation/seen.js';
import { documentEngine, versions } from '../systems.js';

export const documentEngineJwt = {
  id: 'document-engine-jwt',
  section: 'Public key for authenticating JWT payloads',
  engine: 'document-engine',
  provider: 'document-engine',
  settings: { jwt: 'publicKey' },
  delivers: 'privateKey',
  every: '90 days',
  overlap: 'both-valid',
  needsAdoption: true,
  workflow: 'rotateDocumentEngineJwt',
  outlives:
    'open viewer sessions: a viewer swaps its token for a session, which may stay open. POST /api/revoke ends the sessions of tokens with a jti',
} as const satisfies ProcedureDescriptor;

export const rotateDocumentEngineJwt = defineRotation(documentEngineJwt, {
  accepts: (version) => documentEngine.acceptsKey(version),
  refuses: (version) => documentEngine.refusesKey(version),

  async adopt(run, version) {
    await run.check('Document Engine accepts a token signed with the key', documentEngine.acceptsKey(version));
    await run.step('Find the current key in the list', documentEngine.identifySecret(version));
  },

  /** Guide, "Adding a new secret". Adds the former key as well: what a rotation does to it is not documented. */
  async replace(run) {
    await run.step('Make sure that a restart keeps the secrets', documentEngine.requireKept(run.next));
    await run.step('Generate a new key pair', documentEngine.generate(run.next));
    if (run.current) await run.step('Add the former key beside itself', documentEngine.addSecret(run.current));
    await run.step('Add the new public key', documentEngine.addSecret(run.next), {
      undo: documentEngine.expireSecret(run.next),
    });
    await run.check('Document Engine accepts a token signed with the new key', documentEngine.acceptsKey(run.next));
    if (!run.current) {
      await run.step('Make the new key current', documentEngine.makeCurrent({ version: run.next, former: null }));
      await run.step('Expire every other key', documentEngine.expireOthers(run.next));
    }
  },

  async verify(run, version) {
    await run.check('The signer signs with the key', documentEngine.sawUse(version));
    await run.check('A test document is processed', documentEngine.processTestDocument(version));
    await run.check('Document Engine accepts a token signed with the key', documentEngine.acceptsKey(version));
    await run.check('Document Engine lists the key', documentEngine.isListed(version));
  },

  /** Guide, "Rotating secrets" and "Expiring existing secrets". */
  async retire(run, old) {
    await run.check('Nothing else uses the old key', versions.soleUser(old), { whenNot: 'ask' });
    await run.check('Tokens signed with the old key have passed', documentEngine.isIdle(old), { whenNot: 'ask' });
    await run.check('The new key is seen in use', seen(run), { whenNot: 'ask' });
    await run.step('Make the new key current', documentEngine.makeCurrent({ version: run.next, former: old }));
    await run.step('Expire the old key', documentEngine.expireSecret(old));
    await run.check('A token signed with the old key is refused', documentEngine.refusesKey(old));
    await run.step('Let go of what was added for the new key', documentEngine.dropSpare(run.next));
    await run.check('The new key is accepted all the same', documentEngine.acceptsKey(run.next));
  },

  async contain(run, targets) {
    await run.step('Make a key current that nobody holds', documentEngine.displace(run.next));
    await run.step('Expire every other key', documentEngine.expireOthers(run.next));
    for (const target of targets) {
      await run.check(`A token signed with version ${target.number} is refused`, documentEngine.refusesKey(target));
      await run.step(`Record the end of version ${target.number}`, versions.recordEnd(target));
    }
  },
});
