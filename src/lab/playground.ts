import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Duration } from '../domain/duration.js';
import { createKeyRing } from '../store/key-ring.js';
import type { Scenario } from './scenario.js';
import { temporaryFolder } from './temporary-folder.js';

export interface Playground {
  readonly dir: string;
  /** The configuration file. Store, key ring and secrets are beside it. */
  readonly file: string;
  /** The embedded Temporal server's folder. */
  readonly dataDir: string;
  readonly remove: () => Promise<void>;
}

export interface PlaygroundOptions {
  readonly grace: Duration;
  readonly giveUpAfter?: Duration;
  /** `limits` of the configuration; what they are by themselves when left out. */
  readonly limits?: Readonly<Record<'perProvider' | 'perEngine', number>>;
}

/** What an operator writes down and keeps secret. */
type Configured = Pick<Scenario, 'config' | 'secretFiles'>;

/** Sets up a scenario like an operator would: a configuration, secrets in separate files, a key ring. Uses a temporary folder. */
export async function createPlayground(scenario: Configured, options: PlaygroundOptions): Promise<Playground> {
  const playground = await configurePlayground(scenario, options);
  await createKeyRing(join(playground.dir, 'keyturn.keyring.json'));
  return playground;
}

/** The same, but without a key ring, as before `keyturn init`. */
export async function configurePlayground(
  scenario: Configured,
  { grace, giveUpAfter = '10 seconds', limits }: PlaygroundOptions,
): Promise<Playground> {
  const { path: dir, remove } = temporaryFolder('keyturn-lab-');
  const dataDir = join(dir, 'temporal');
  await mkdir(dataDir, { mode: 0o700 });
  for (const [name, secret] of Object.entries(scenario.secretFiles))
    await writeFile(join(dir, name), `${secret}\n`, { mode: 0o600 });
  const { engines, credentials } = scenario.config;
  const withWaits = Object.entries(credentials).map(([name, entry]) => [name, { grace, giveUpAfter, ...entry }]);
  const file = join(dir, 'keyturn.yaml');
  const content = {
    store: 'sqlite:./keyturn.db',
    data: './temporal',
    ...(limits && { limits }),
    engines,
    credentials: Object.fromEntries(withWaits) as object,
  };
  await writeFile(file, stringify(content));
  return { dir, file, dataDir, remove };
}
