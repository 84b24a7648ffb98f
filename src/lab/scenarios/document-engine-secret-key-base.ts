import { readFileSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import { bystander } from '../server.js';
import { type DocumentEngineOptions, type DocumentEngineScenario, fixtureDocumentEngine } from './document-engine.js';

/** What a password store's program does: it takes a value from standard input and keeps it under a name. */
const keep =
  "const { writeFileSync, renameSync } = require('node:fs'); const [name] = process.argv.slice(1);\
 writeFileSync(name + '.new', require('node:fs').readFileSync(0)); renameSync(name + '.new', name);";

/** Document Engine, and a store where the operator also keeps the base. */
export async function startDocumentEngineSecretKeyBase(
  options: DocumentEngineOptions = {},
): Promise<DocumentEngineScenario> {
  const { engine, folder, base, config } = await fixtureDocumentEngine('secret_key_base', options);
  const file = join(folder, 'secret-key-base');
  const secret = engine.environment.secret_key_base;
  await writeFile(file, secret, { mode: 0o600 });
  const deliver = [{ command: [process.execPath, '-e', keep, file] }];
  const credential = { name: 'viewer-base', procedure: 'document-engine-secret-key-base', deliver };
  return {
    ...base,
    systems: { 'document-engine': engine },
    credential: credential.name,
    config: config(credential),
    adopted: { secret },
    async consume() {
      const { statusCode, body } = await request(`${engine.url}/healthcheck`, { headers: bystander });
      await body.dump();
      return statusCode === 200;
    },
    edit: (value) => writeFileSync(file, value),
    engineHolds: () => readFileSync(file, 'utf8'),
    received: () => engine.requests.map((each) => ({ ...each, system: 'document-engine' })),
    secrets: () => [engine.apiToken, ...engine.everyValue('secret_key_base')],
  };
}
