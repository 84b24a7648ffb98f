import type { Duration } from '../../domain/duration.js';
import { type DocumentEngineLab, startDocumentEngineLab } from '../document-engine/server.js';
import type { Behavior, SecretType } from '../document-engine/state.js';
import { leftBehindIn } from '../left-behind.js';
import type { Scenario, ScenarioOptions } from '../scenario.js';
import { temporaryFolder } from '../temporary-folder.js';

export interface DocumentEngineOptions extends ScenarioOptions {
  /** Behavior where the vendor's guide and description are silent or differ. */
  readonly behavior?: Partial<Behavior>;
  /** A running engine to use instead of a new one. Other scenarios use it as well. */
  readonly documentEngine?: DocumentEngineLab;
}

/** A scenario in which somebody holds what the engine's secret is for. */
export interface DocumentEngineScenario extends Scenario {
  /** A person changes what somebody holds. */
  edit(value: string): void;
}

/** Document Engine as its environment set it up, and a folder for the users of its secrets. */
export interface DocumentEngineFixture {
  readonly engine: DocumentEngineLab;
  readonly folder: string;
  readonly lifetime: Duration;
  /** What all scenarios of the engine have in common. */
  readonly base: Pick<Scenario, 'secretFiles' | 'working' | 'leftBehind' | 'stop'>;
  /** `engines` and `credentials`, with what is special to one scenario. */
  readonly config: (credential: NamedCredential, jwt?: object) => Scenario['config'];
}

/** An entry of `credentials` and its name. */
type NamedCredential = { readonly name: string } & Readonly<Record<string, unknown>>;

/** Finer than a millisecond, so that the order of requests to several systems is known. Tokens are dated by it, so it never runs faster. */
export const preciseClock = (): number => performance.timeOrigin + performance.now();

export async function fixtureDocumentEngine(
  type: SecretType,
  options: DocumentEngineOptions,
): Promise<DocumentEngineFixture> {
  const { clock = preciseClock, latencyMs = 0, lifetime = '0 seconds', behavior = {} } = options;
  const { nodes = 1, lagMs = 0 } = behavior;
  const propagation = lagMs === 0 ? '0 seconds' : `${(2 * lagMs) / 1000} seconds`;
  const { path: folder, remove } = temporaryFolder('keyturn-viewer-');
  const engine =
    options.documentEngine ?? (await startDocumentEngineLab({ clock, latencyMs, behavior, algorithm: 'ES256' }));
  return {
    ...{ engine, folder, lifetime },
    base: {
      secretFiles: { 'viewer-token': engine.apiToken },
      working: () => engine.values(type),
      leftBehind: () => leftBehindIn(folder),
      stop: async () => {
        await engine.stop();
        await remove();
      },
    },
    config({ name, ...credential }, jwt = {}) {
      const viewer = {
        ...{ kind: 'document-engine', url: engine.url, apiToken: { file: './viewer-token' } },
        jwt: { algorithm: engine.algorithm, tokenLifetime: lifetime, ...jwt },
        deployment: { replaceSecretsFromEnv: false },
        ...{ propagation, nodes },
      };
      const grace = lifetime === '0 seconds' ? {} : { grace: lifetime };
      return {
        engines: { viewer },
        credentials: { [name]: { engine: 'viewer', unseenUse: 'retire', ...credential, ...grace } },
      };
    },
  };
}
