import { fastClock } from '../../src/lab/clock.js';
import type { DocuElevateLab } from '../../src/lab/docuelevate/server.js';
import type { Scenario, StartScenario } from '../../src/lab/scenario.js';
import type { LabServer } from '../../src/lab/server.js';
import { startAwsS3AccessKeys } from '../../src/lab/scenarios/aws-s3-access-keys.js';
import { startAzureDocumentIntelligenceKey } from '../../src/lab/scenarios/azure-document-intelligence-key.js';
import { startNextcloudAppPassword } from '../../src/lab/scenarios/nextcloud-app-password.js';
import { startOpenAiApiKey } from '../../src/lab/scenarios/openai-api-key.js';
import { startPaperlessToken } from '../../src/lab/scenarios/paperless-token.js';
import { startSftpPrivateKey } from '../../src/lab/scenarios/sftp-private-key.js';
import { adopt } from '../../src/operations/setup/adopt.js';
import { rehearse } from '../support/rehearsal.js';
import type { automatic } from './credentials.js';
import type { Estate } from './estate.js';
import type { Method, Place } from './walk.js';

const others: Readonly<Record<Exclude<keyof typeof automatic, 'openai'>, StartScenario>> = {
  azure: startAzureDocumentIntelligenceKey,
  s3: startAwsS3AccessKeys,
  paperless: startPaperlessToken,
  nextcloud: startNextcloudAppPassword,
  sftp: startSftpPrivateKey,
};

/** The scenarios of all procedures for DocuElevate, on one DocuElevate and with one Keyturn. */
export async function openAutomatic(
  { lab, entry }: Method,
  names: readonly string[] = Object.keys(others),
): Promise<Estate> {
  // providers tell times in whole seconds; what a worker's start shows is told by a clock as fast as ours
  const clock = lab.deployed ? Date.now : fastClock(1000);
  const openai = await startOpenAiApiKey({ clock, ...lab });
  const docuelevate = openai.systems['docuelevate'] as DocuElevateLab;
  const scenarios = [openai];
  for (const [name, start] of Object.entries(others))
    if (names.includes(name)) scenarios.push(await start({ clock, docuelevate }));
  const rehearsal = await rehearse(together(openai, scenarios, entry));
  for (const { credential, adopted: parts } of scenarios.slice(1))
    await adopt(rehearsal.session, { credential, parts, soleUser: true, actor: 'test' });
  return {
    at(credential): Place {
      const scenario = scenarios.find((each) => each.credential === credential);
      if (!scenario) throw new Error(`no scenario has a credential ${credential}`);
      return {
        ...{ rehearsal, credential, holds: () => scenario.engineHolds() },
        working: () => Promise.resolve(scenario.working()),
        trouble: () => Promise.resolve(credential === 'paperless' ? lockedOut(scenario) : noUploads(docuelevate)),
      };
    },
    stop: () => rehearsal.stop(),
  };
}

function together(first: Scenario, scenarios: readonly Scenario[], added: object): Scenario {
  const known = Object.assign({}, ...scenarios.map(({ config }) => config.credentials)) as Record<string, object>;
  const credentials = Object.fromEntries(Object.entries(known).map(([name, entry]) => [name, { ...entry, ...added }]));
  return {
    ...first,
    config: { engines: first.config.engines, credentials },
    secretFiles: Object.assign({}, ...scenarios.map(({ secretFiles }) => secretFiles)) as Record<string, string>,
    async stop() {
      for (const scenario of scenarios.toReversed()) await scenario.stop();
    },
  };
}

/** DocuElevate takes no document, so the proof of the new value cannot be repeated. */
function noUploads({ faults }: LabServer): () => void {
  faults.add({ method: 'POST', path: '/api/intake/documents', times: Infinity, kind: { status: 400 } });
  return () => faults.clear();
}

/** Paperless-ngx refuses the password of the account, without which a token whose answer is lost could not be read. */
function lockedOut({ systems }: Scenario): () => void {
  const { faults } = systems['paperless'] as LabServer;
  const body = JSON.stringify({ detail: 'Invalid username/password.' });
  faults.add({ method: 'GET', path: '/api/profile/', times: Infinity, kind: { status: 401, body } });
  return () => faults.clear();
}
