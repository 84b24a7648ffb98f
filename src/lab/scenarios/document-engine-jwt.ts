import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { durationMs } from '../../domain/duration.js';
import { startViewerApp, type ViewerApp } from '../document-engine/app.js';
import { type DocumentEngineLab, startDocumentEngineLab } from '../document-engine/server.js';
import type { Behavior } from '../document-engine/state.js';
import type { Received, Scenario, ScenarioOptions } from '../scenario.js';

export interface DocumentEngineOptions extends ScenarioOptions {
  /** Where the vendor's guide and description are silent or differ. */
  readonly behavior?: Partial<Behavior>;
}

/** Document Engine as its environment set it up, and an application whose private key lies in a file. */
export async function startDocumentEngineJwt(options: DocumentEngineOptions = {}): Promise<Scenario> {
  const { clock = preciseClock, latencyMs = 0, lifetime = '0 seconds', behavior = {} } = options;
  const folder = await mkdtemp(join(tmpdir(), 'keyturn-viewer-'));
  const keyFile = join(folder, 'viewer-key');
  const engine = await startDocumentEngineLab({ clock, latencyMs, behavior, algorithm: 'ES256' });
  await writeFile(keyFile, engine.privateKey, { mode: 0o600 });
  const signer = await startViewerApp({ clock, latencyMs, engine, keyFile, tokenLifetimeMs: durationMs(lifetime) });
  return {
    systems: { 'document-engine': engine, signer },
    credential: 'viewer-jwt',
    config: configOf({ engine, signer }, { keyFile, lifetime }),
    secretFiles: { 'viewer-token': engine.apiToken },
    adopted: { publicKey: engine.environment.jwt, privateKey: engine.privateKey },
    consume: () => signer.use(),
    engineHolds: () => signer.publicKey(),
    working: () => engine.values('jwt'),
    received: () => receivedBy({ engine, signer }),
    secrets: () => [engine.apiToken, engine.privateKey, ...signer.privateKeys()].flatMap(linesOf),
    stop: async () => {
      await Promise.all([engine.stop(), signer.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Finer than a millisecond, so that the order of requests to several systems is known. Tokens are dated by it, so it never runs faster. */
export const preciseClock = (): number => performance.timeOrigin + performance.now();

/** A private key is looked for by the lines of its text: whoever quotes one may fold it in another way. */
function linesOf(secret: string): string[] {
  const lines = secret.split('\n').filter((line) => line.length > 20 && !line.includes('-----'));
  return lines.length > 0 ? lines : [secret];
}

function receivedBy({ engine, signer }: { engine: DocumentEngineLab; signer: ViewerApp }): Received[] {
  const ofEngine = engine.requests.map((request) => ({ ...request, system: 'document-engine' }));
  const ofSigner = signer.requests.map((request) => ({ ...request, system: 'signer', path: '/' }));
  return [...ofEngine, ...ofSigner].sort((a, b) => a.at - b.at);
}

function configOf(
  { engine, signer }: { engine: DocumentEngineLab; signer: ViewerApp },
  { keyFile, lifetime }: { keyFile: string; lifetime: string },
): Scenario['config'] {
  const jwt = {
    ...{ algorithm: engine.algorithm, tokenLifetime: lifetime },
    signer: { url: signer.tokenUrl, settling: '0 seconds' }, // it reads its file for each token
  };
  const viewer = {
    ...{ kind: 'document-engine', url: engine.url, apiToken: { file: './viewer-token' }, jwt },
    deployment: { replaceSecretsFromEnv: false },
  };
  const grace = lifetime === '0 seconds' ? {} : { grace: lifetime };
  const credential = { procedure: 'document-engine-jwt', engine: 'viewer', deliver: [{ file: keyFile }], ...grace };
  return { engines: { viewer }, credentials: { 'viewer-jwt': credential } };
}
