import { readFileSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { request } from 'undici';
import { bystander } from '../server.js';
import { type DocumentEngineOptions, type DocumentEngineScenario, fixtureDocumentEngine } from './document-engine.js';

const variable = 'VIEWER_DASHBOARD_PASSWORD';

/** Document Engine, and a monitor that signs in to its dashboard with a password from an environment file. */
export async function startDocumentEngineDashboardPassword(
  options: DocumentEngineOptions = {},
): Promise<DocumentEngineScenario> {
  const { engine, folder, base, config } = await fixtureDocumentEngine('dashboard_password', options);
  const envFile = join(folder, '.env');
  const password = engine.environment.dashboard_password;
  await writeFile(envFile, `# a monitor\nINTERVAL=60\n${variable}=${password}\n`, { mode: 0o640 });
  const held = (): string => parseEnv(readFileSync(envFile, 'utf8'))[variable] ?? '';
  const deliver = [{ envFile, variable }];
  const credential = { name: 'viewer-dashboard', procedure: 'document-engine-dashboard-password', deliver };
  return {
    ...base,
    systems: { 'document-engine': engine },
    credential: credential.name,
    config: config(credential),
    adopted: { password },
    async consume() {
      const user = Buffer.from(`${engine.dashboardUsername}:${held()}`).toString('base64');
      const headers = { ...bystander, authorization: `Basic ${user}` };
      const { statusCode, body } = await request(`${engine.url}/dashboard`, { headers });
      await body.dump();
      return statusCode === 200;
    },
    edit: (value) => writeFileSync(envFile, `${variable}=${value}\n`),
    engineHolds: held,
    received: () => engine.requests.map((each) => ({ ...each, system: 'document-engine' })),
    secrets: () => [engine.apiToken, ...engine.everyValue('dashboard_password')],
  };
}
