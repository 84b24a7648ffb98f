import { writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { durationMs } from '../../domain/duration.js';
import { linesOf } from '../canary.js';
import { startViewerApp } from '../document-engine/app.js';
import {
  type DocumentEngineOptions,
  type DocumentEngineScenario,
  preciseClock,
  fixtureDocumentEngine,
} from './document-engine.js';

/** Document Engine, and an application whose private key lies in a file. */
export async function startDocumentEngineJwt(options: DocumentEngineOptions = {}): Promise<DocumentEngineScenario> {
  const { clock = preciseClock, latencyMs = 0 } = options;
  const { engine, folder, lifetime, base, config } = await fixtureDocumentEngine('jwt', options);
  const keyFile = join(folder, 'viewer-key');
  await writeFile(keyFile, engine.privateKey, { mode: 0o600 });
  const tokenLifetimeMs = durationMs(lifetime);
  const signer = await startViewerApp({ clock, latencyMs, engine, keyFile, tokenLifetimeMs });
  const credential = { name: 'viewer-jwt', procedure: 'document-engine-jwt', deliver: [{ file: keyFile }] };
  return {
    ...base,
    systems: { 'document-engine': engine, signer },
    credential: credential.name,
    // the signer reads its file for each token
    config: config(credential, { signer: { url: signer.tokenUrl, propagation: '0 seconds' } }),
    adopted: { publicKey: engine.environment.jwt, privateKey: engine.privateKey },
    consume: () => signer.use(),
    edit: (value) => writeFileSync(keyFile, value),
    engineHolds: () => signer.publicKey(),
    received() {
      const ofEngine = engine.requests.map((request) => ({ ...request, system: 'document-engine' }));
      const ofSigner = signer.requests.map((request) => ({ ...request, system: 'signer', path: '/' }));
      return [...ofEngine, ...ofSigner].sort((a, b) => a.at - b.at);
    },
    secrets: () => [engine.apiToken, ...[engine.privateKey, ...signer.privateKeys()].flatMap(linesOf)],
    stop: async () => {
      await signer.stop();
      await base.stop();
    },
  };
}
