import type { ProcedureDescriptor } from '../../src/domain/procedure.js';
import { defineRotation, seen } from '../rotation/define.js';
import { azure, docuelevate, versions } from '../systems.js';
import { feed, stillHolds } from '../feeding.js';

const reading = { step: 'run_ocr_providers', scanFor: 'azure' } as const;

export const azureDocumentIntelligenceKey = {
  id: 'azure-document-intelligence-key',
  section: 'Azure Document Intelligence Key',
  engine: 'docuelevate',
  provider: 'azure',
  settings: { azure_ai_key: 'key' },
  use: { ...reading, checkedEvery: '5 minutes' },
  every: '90 days',
  overlap: 'two-slots',
  workflow: 'rotateAzureDocumentIntelligenceKey',
} as const satisfies ProcedureDescriptor;

const why = 'Azure does not report which of its two keys a call used';

export const rotateAzureDocumentIntelligenceKey = defineRotation(azureDocumentIntelligenceKey, {
  accepts: (version) => azure.acceptsKey(version),
  refuses: (version) => azure.refusesKey(version),

  async adopt(run, version) {
    await run.check('Azure accepts the key', azure.acceptsKey(version));
    await run.step('Find out which of the two keys it is', azure.identifyKey(version));
  },

  /** Guide steps 2 and 3. The guide's "Key 2" is right only the first time; later it is the key that the engine does not use. */
  async replace(run) {
    await run.check('Nothing uses the other key', azure.otherIsFree(run.next), { whenNot: 'ask' });
    await run.step('Regenerate the key that is not in use', azure.createKey(run.next), {
      undo: azure.regenerateKey(run.next),
    });
    await run.check('Azure accepts the new key', azure.acceptsKey(run.next));
    await feed(run, 'azure_ai_key');
  },

  /** Guide step 4: "verify connectivity". */
  async verify(run, version) {
    await run.check(
      'A scanned test document is read with it',
      docuelevate.processTestDocument({ version, expect: reading.step, scanFor: reading.scanFor }),
    );
    await run.check("DocuElevate's own test succeeds", docuelevate.testConnection({ version, service: 'azure' }));
    await run.check('Azure saw the key in use', versions.notObservable({ version, kind: 'in-use', why }));
    await run.check('Azure accepts the key', azure.acceptsKey(version));
    await stillHolds(run, version);
  },

  /** Guide step 4: "then regenerate Key 1", or the key that was in use. Its new value goes nowhere. */
  async retire(run, old) {
    await run.check('Nothing else uses the old key', versions.soleUser(old), { whenNot: 'ask' });
    await run.check('The old key is idle', versions.notObservable({ version: old, kind: 'idle', why }));
    await run.check('The new key is seen in use', seen(run), { whenNot: 'ask' });
    await run.step('Regenerate the old key', azure.regenerateKey(old));
    await run.check('The old key is refused', azure.refusesKey(old));
  },

  /** Both keys: anybody who could read one in the portal could read the other. In parallel, so that one call that hangs delays only itself. */
  async contain(run, targets) {
    if (targets.length === 0) return;
    const regenerations = (['Key1', 'Key2'] as const).map((slot) =>
      run.step(`Regenerate ${slot}`, azure.regenerateSlot({ version: run.next, slot })),
    );
    const failed = (await Promise.allSettled(regenerations)).find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
    for (const target of targets) {
      await run.check(`Version ${target.number} is refused`, azure.refusesKey(target));
      await run.step(`Record the end of version ${target.number}`, versions.recordEnd(target));
    }
  },
});
