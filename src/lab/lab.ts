import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { catalog } from '../../workflows/catalog.js';
import type { Duration } from '../domain/duration.js';
import { descriptorOf } from '../../workers/descriptor.js';
import { loadConfig } from '../config/load.js';
import { partsToGive } from '../operations/setup/adopt.js';
import { findEmbeddedServer } from '../temporal/embedded.js';
import { unknownProcedure } from './demo.js';
import { configurePlayground } from './playground.js';
import type { Scenario } from './scenario.js';
import { scenarios } from './scenarios/index.js';
import { type Defer, withCleanup } from './with-cleanup.js';

/** Running simulated systems, and everything a person needs to try every command on them. Paths are absolute. */
export interface Lab {
  readonly procedure: string;
  readonly credential: string;
  /** Address of each simulated system, by its name. */
  readonly systems: Readonly<Record<string, string>>;
  /** The engine's login: the administrator's name, where the engine has names, and the file with the password or token. */
  readonly admin: { readonly username: string | null; readonly file: string };
  /** A complete configuration file. The secrets that it refers to exist; the key ring and the store do not yet. */
  readonly configuration: string;
  /** A file with the value in force, in the format of `keyturn adopt --stdin`. */
  readonly valueInForce: string;
}

export interface LabOptions {
  readonly procedure: string;
  readonly grace: Duration;
  /** Called when everything is running. */
  readonly onReady: (lab: Lab) => void;
  readonly interruption: AbortSignal;
}

const bootMs = 2_000; // so that a person sees the processes come up

/** Keeps simulated systems running until `interruption`. Afterwards nothing that was started or written in their folder is left. */
export async function runLab({ procedure, grace, onReady, interruption }: LabOptions): Promise<void> {
  const start = scenarios[procedure];
  if (!start) throw unknownProcedure(procedure);
  await withCleanup(async (defer) => {
    const scenario = await start({ latencyMs: 5, lifetime: grace, credentialChecks: true, deployed: true, bootMs });
    defer(() => scenario.stop());
    onReady(await furnish(scenario, { procedure, grace }, defer));
    if (!interruption.aborted) await once(interruption, 'abort');
  });
}

async function furnish(
  scenario: Scenario,
  { procedure, grace }: Pick<LabOptions, 'procedure' | 'grace'>,
  defer: Defer,
): Promise<Lab> {
  const { dir, file, dataDir, remove } = await configurePlayground(scenario, { grace });
  defer(remove);
  defer(() => endServer(dataDir));
  const valueInForce = join(dir, 'value-in-force');
  await writeFile(valueInForce, textOf(file, scenario), { mode: 0o600 });
  const systems = Object.entries(scenario.systems).map(([name, { url }]) => [name, url] as const);
  return {
    ...{ procedure, credential: scenario.credential, configuration: file, valueInForce },
    systems: Object.fromEntries(systems),
    admin: adminOf(scenario, dir),
  };
}

/** The format of `keyturn adopt --stdin`: one part as plain text, several parts as a JSON object. */
function textOf(file: string, { credential, adopted: parts }: Scenario): string {
  const descriptor = descriptorOf(loadConfig(file, catalog), credential);
  const asked = partsToGive(descriptor).map((part) => [part, parts[part] ?? ''] as const);
  const [only, ...more] = asked;
  return only && more.length === 0 ? only[1] : JSON.stringify(Object.fromEntries(asked));
}

interface ConfiguredEngine {
  readonly admin?: { readonly username: string; readonly password: { readonly file: string } };
  readonly apiToken?: { readonly file: string };
}

function adminOf({ config }: Scenario, dir: string): Lab['admin'] {
  const [engine = {}] = Object.values(config.engines) as ConfiguredEngine[];
  const file = engine.admin?.password.file ?? engine.apiToken?.file;
  if (file === undefined) throw new Error('this scenario has no login for its engine');
  return { username: engine.admin?.username ?? null, file: join(dir, file) };
}

const endMs = 20_000; // steps in progress get 15 seconds

/** Ends a `keyturn up` that runs in the folder, because the folder is about to be removed. */
async function endServer(dataDir: string): Promise<void> {
  const running = await findEmbeddedServer(dataDir);
  if (!running) return;
  try {
    process.kill(running.owner, 'SIGTERM');
  } catch {
    return; // it has already ended
  }
  for (const deadline = Date.now() + endMs; Date.now() < deadline; await sleep(100))
    if (!(await findEmbeddedServer(dataDir))) return;
}
