import type { ProcedureDescriptor } from '../../src/domain/procedure.js';
import { defineRotation } from '../rotation/define.js';
import { seen } from '../rotation/seen.js';
import { documentEngine, versions } from '../systems.js';

export const documentEngineDashboardPassword = {
  id: 'document-engine-dashboard-password',
  section: 'Dashboard password',
  engine: 'document-engine',
  provider: 'document-engine',
  settings: { dashboard_password: 'password' },
  delivers: 'password',
  every: '90 days',
  overlap: 'both-valid',
  needsAdoption: true,
  workflow: 'rotateDocumentEngineDashboardPassword',
} as const satisfies ProcedureDescriptor;

export const rotateDocumentEngineDashboardPassword = defineRotation(documentEngineDashboardPassword, {
  accepts: (version) => documentEngine.acceptsPassword(version),
  refuses: (version) => documentEngine.refusesPassword(version),

  async adopt(run, version) {
    await run.check('The dashboard accepts the password', documentEngine.acceptsPassword(version));
    await run.step('Find the current password in the list', documentEngine.identifySecret(version));
  },

  /** Guide, "Adding a new secret". Adds the former password as well: what a rotation does to it is not documented. */
  async replace(run) {
    await run.step('Make sure that a restart keeps the secrets', documentEngine.requireKept(run.next));
    await run.step('Generate a new password', documentEngine.generate(run.next));
    if (run.current) await run.step('Add the former password beside itself', documentEngine.addSecret(run.current));
    await run.step('Add the new password', documentEngine.addSecret(run.next), {
      undo: documentEngine.expireSecret(run.next),
    });
    await run.check('The dashboard accepts the new password', documentEngine.acceptsPassword(run.next));
    if (!run.current) {
      await run.step('Make the new password current', documentEngine.makeCurrent({ version: run.next, former: null }));
      await run.step('Expire every other password', documentEngine.expireOthers(run.next));
    }
  },

  async verify(run, version) {
    await run.check('Somebody uses the password', documentEngine.sawUse(version));
    await run.check('A test document is processed', documentEngine.processTestDocument(version));
    await run.check('The dashboard accepts the password', documentEngine.acceptsPassword(version));
    await run.check('Document Engine lists the password', documentEngine.isListed(version));
  },

  /** Guide, "Rotating secrets" and "Expiring existing secrets". */
  async retire(run, old) {
    await run.check('Nobody uses the old password', documentEngine.isIdle(old), { whenNot: 'ask' });
    await run.check('The new password is seen in use', seen(run), { whenNot: 'ask' });
    await run.step('Make the new password current', documentEngine.makeCurrent({ version: run.next, former: old }));
    await run.step('Expire the old password', documentEngine.expireSecret(old));
    await run.check('The old password is refused', documentEngine.refusesPassword(old));
    await run.step('Let go of what was added for the new password', documentEngine.dropSpare(run.next));
    await run.check('The new password is accepted all the same', documentEngine.acceptsPassword(run.next));
  },

  async contain(run, targets) {
    await run.step('Make a password current that nobody holds', documentEngine.displace(run.next));
    await run.step('Expire every other password', documentEngine.expireOthers(run.next));
    for (const target of targets) {
      await run.check(`Version ${target.number} is refused`, documentEngine.refusesPassword(target));
      await run.step(`Record the end of version ${target.number}`, versions.recordEnd(target));
    }
  },
});
