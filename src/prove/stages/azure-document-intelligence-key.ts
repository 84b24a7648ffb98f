import { randomBytes } from 'node:crypto';
import type { AzureLab } from '../../lab/azure/server.js';
import { fastClock } from '../../lab/clock.js';
import type { DocuElevateLab } from '../../lab/docuelevate/server.js';
import { startAzureDocumentIntelligenceKey } from '../../lab/scenarios/azure-document-intelligence-key.js';
import type { LabServer } from '../../lab/server.js';
import { once, scanAbout } from '../letters.js';
import type { Documents, Stage } from '../stage.js';

const oneDayMs = 86_400_000;

/** The scenario, with somebody else's account in the same region, whose keys the endpoint takes as well. */
export async function stageAzureDocumentIntelligenceKey(): Promise<Stage> {
  const base = fastClock(1000); // DocuElevate's limit of uploads counts minutes
  let skewMs = 0;
  const past = { settlingMs: -oneDayMs, lingeringMs: -oneDayMs }; // a clock that is put back brings no key back
  const scenario = await startAzureDocumentIntelligenceKey({ clock: () => base() + skewMs, ...past });
  const { azure, docuelevate } = scenario.systems;
  if (!isAzure(azure) || !isDocuElevate(docuelevate)) throw new Error('the scenario has other systems than this stage');
  const own = azure.neighborsKey;
  const adopted = scenario.adopted['key'] ?? '';
  const strange = [azure.inSlot('Key2')]; // nobody's, or a person's: what becomes of it is of no account
  return {
    scenario: { ...scenario, working: () => [...scenario.working(), own] },
    systems: [azure, docuelevate],
    documents: documentsOf(docuelevate, azure),
    issued: () => [
      { value: own, label: null, alive: azure.works(own), foreign: true },
      ...azure
        .keys()
        .filter(({ value }) => !strange.includes(value))
        .map(({ value, slot, live }) => ({ value, label: slot, alive: live, foreign: false, readable: true as const })),
    ],
    edit: (to) => docuelevate.editSetting('azure_ai_key', to === 'own' ? own : adopted, 'a person'),
    killAdopted() {
      azure.regenerateByHand('Key1');
      strange.push(azure.inSlot('Key1'));
    },
    skew: (ms) => void (skewMs += ms),
    hollow: { body: () => hollowBody(azure, scenario.engineHolds()), probe: '/documentintelligence/info' },
    goesBack: /may still arrive/,
  };
}

function documentsOf(lab: DocuElevateLab, azure: AzureLab): Documents {
  return {
    ...{ lab, step: 'run_ocr_providers', write: scanAbout, failsEarlier: false },
    taken: (text) =>
      azure
        .readings()
        .filter(({ content }) => content.includes(text))
        .map(({ key, at }) => ({ value: key, at })),
    failOne: (text) => azure.failFor(once(text)),
  };
}

/** The key that the engine does not hold looks regenerated, and is as it was. */
function hollowBody(azure: AzureLab, held: string | null): string {
  const shown = (value: string): string => (value === held ? value : randomBytes(42).toString('hex'));
  return JSON.stringify({ key1: shown(azure.inSlot('Key1')), key2: shown(azure.inSlot('Key2')) });
}

function isAzure(server: LabServer | undefined): server is AzureLab {
  return server !== undefined && 'regenerateByHand' in server;
}

function isDocuElevate(server: LabServer | undefined): server is DocuElevateLab {
  return server !== undefined && 'editSetting' in server;
}
