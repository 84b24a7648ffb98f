import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { parseEnv } from 'node:util';
import { z } from 'zod';
import { jsonBody } from '../routes.js';
import { serve } from '../server.js';
import { temporaryFolder } from '../temporary-folder.js';
import type { Containers, Service } from './containers.js';
import { settingKeys } from './setting-keys.js';

/** The engine's deployment, as an operator finds it: an environment file, and a command that recreates the containers. */
export interface Compose {
  /** The environment file beside the compose file, which the containers get their environment from. */
  readonly envFile: string;
  /** Program and arguments that recreate API, worker and beat. */
  readonly restart: readonly string[];
  /** A person writes variables into the environment file. */
  write(values: readonly (readonly [key: string, value: string])[]): void;
  /** What that program does with its arguments. Resolves when the containers have been started, before their processes are up. */
  run(args: readonly string[]): Promise<void>;
  /** How often it was run. */
  runs(): number;
  stop(): Promise<void>;
}

export interface ComposeOptions {
  readonly containers: Containers;
  /** Starts the processes of a container anew. */
  readonly restart: Readonly<Record<Service, (up: Promise<unknown>) => void>>;
  /** Time from the start of a container until its processes are up, real milliseconds. */
  readonly bootMs: number;
  readonly signal: AbortSignal;
}

const program = new URL(
  import.meta.url.endsWith('.ts') ? '../../../dist/src/lab/docuelevate/compose-command.js' : './compose-command.js',
  import.meta.url,
);

const Asked = z.object({ args: z.array(z.string()) });

/** Writes the environment file and serves the control address that the program asks. */
export async function startCompose(options: ComposeOptions): Promise<Compose> {
  const { path: folder, remove } = temporaryFolder('keyturn-lab-compose-');
  const envFile = join(folder, '.env');
  writeFileSync(envFile, textOf(options.containers.environment.api), { mode: 0o600 });
  let runs = 0;
  const run = (args: readonly string[]): Promise<void> => {
    runs += 1;
    return perform({ ...options, envFile }, args);
  };
  const control = await serve(async (request) => {
    const { args } = Asked.parse(jsonBody(request));
    return run(args).then(
      () => ({ status: 200, body: {} }),
      (error: unknown) => ({ status: 400, body: String(error) }),
    );
  }, {});
  return {
    envFile,
    restart: [process.execPath, fileURLToPath(program), control.url, ...recreating],
    write(values) {
      const known = Object.entries(parseEnv(readFileSync(envFile, 'utf8')));
      const earlier = known.map(([name, value]) => [name.toLowerCase(), value ?? ''] as const);
      writeFileSync(envFile, textOf(new Map([...earlier, ...values])));
    },
    run,
    runs: () => runs,
    async stop() {
      await control.stop();
      await remove();
    },
  };
}

const recreating = ['up', '-d', '--force-recreate', 'api', 'worker', 'beat'];

function textOf(environment: ReadonlyMap<string, string>): string {
  const lines = [...environment].filter(([key]) => settingKeys.has(key));
  return ['# of the simulated DocuElevate', ...lines.map(([key, value]) => `${key.toUpperCase()}='${value}'`), ''].join(
    '\n',
  );
}

/** Beat has its own copy of the settings, but runs no task. */
async function perform(options: ComposeOptions & { readonly envFile: string }, args: readonly string[]): Promise<void> {
  const [command, ...rest] = args;
  const services = rest.filter((arg) => !arg.startsWith('-'));
  const unknown = services.find((name) => !['api', 'worker', 'beat'].includes(name));
  if (unknown !== undefined) throw new Error(`no such service: ${unknown}`);
  const recreates = command === 'up' && rest.includes('--force-recreate');
  if (!recreates && command !== 'restart') throw new Error(`not simulated: ${args.join(' ')}`);
  for (const service of ['api', 'worker'] as const) {
    if (services.length > 0 && !services.includes(service)) continue;
    if (recreates) readAnew(options.envFile, options.containers.environment[service]);
    options.restart[service](delay(options.bootMs, undefined, { signal: options.signal }));
  }
}

/** Whatever is no setting stays: it stands for the rest of the container. */
function readAnew(envFile: string, environment: Map<string, string>): void {
  const variables = Object.entries(parseEnv(readFileSync(envFile, 'utf8')));
  const found = variables.map(([name, value]) => [name.toLowerCase(), value ?? ''] as const);
  for (const key of [...environment.keys()]) if (settingKeys.has(key)) environment.delete(key);
  for (const [key, value] of found) if (settingKeys.has(key)) environment.set(key, value);
}
