import { readFile } from 'node:fs/promises';
import { variablesIn } from '../delivery/env-text.js';
import type { AccessCheck } from '../shared/access.js';
import { permanent } from '../shared/failures.js';
import type { DocumentEngineConnection } from './client.js';
import { type EngineContext, variables } from './context.js';

const setting = 'REPLACE_SECRETS_FROM_ENV';
const advice = `set ${setting}=false in the deployment (Helm: config.replaceSecretsFromEnv: false) and restart it once`;

/** Throws when a restart would bring back the environment's secrets. Sends no request to the engine. */
export async function requireKept({ known, connection, ref }: EngineContext): Promise<void> {
  if (known.profile?.restart === 'replaced')
    throw permanent(
      'Rejected',
      `a restart was seen to restore the environment's secrets. ${advice}, and prove that it took effect: run ` +
        `keyturn check ${ref.credential} --deep --restart before`,
    );
  const { ok, detail } = await keptAtRestart(connection);
  if (!ok) throw permanent('Rejected', detail);
}

type Kept = Pick<AccessCheck, 'ok' | 'detail'>;

/** Whether a restart keeps the secrets that the API has set, as far as that is known. */
export async function keptAtRestart(connection: DocumentEngineConnection): Promise<Kept> {
  const { envFile, replaceSecretsFromEnv } = connection;
  if (envFile !== null) return keptBy(envFile);
  if (replaceSecretsFromEnv === false)
    return { ok: true, detail: `${setting} is false, according to the configuration` };
  const why = replaceSecretsFromEnv ? 'is true, according to the configuration' : 'is not known to be false';
  return {
    ok: false,
    detail: `${setting} ${why}: a restart would undo every rotation. ${advice}, and confirm it with deployment.replaceSecretsFromEnv: false`,
  };
}

async function keptBy(file: string): Promise<Kept> {
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) return { ok: false, detail: `${file} cannot be read, so the effect of a restart is unknown` };
  const value = variablesIn(text)[setting];
  if (value?.toLowerCase() === 'false') return { ok: true, detail: `${setting} is false in ${file}` };
  const is = value === undefined ? 'is not set, which means true' : 'is not false';
  return { ok: false, detail: `${setting} ${is} in ${file}: a restart would undo every rotation. ${advice}` };
}

/** Warning about the environment's value, which a new or restored database would make current. Null where it is in force or unknown. */
export async function leftInEnvironment({ store, connection, ref }: EngineContext): Promise<string | null> {
  const { envFile, type, part } = connection;
  const text = envFile === null ? null : await readFile(envFile, 'utf8').catch(() => null);
  const value = text === null ? undefined : variablesIn(text)[variables[type]];
  if (value === undefined || envFile === null) return null;
  const holders = (await store.identify(value)).filter(({ credential }) => credential === ref.credential);
  if (holders.some(({ state }) => state === 'current')) return null;
  const whose = holders.map(({ number, state }) => `the value of version ${number}, which is ${state}`)[0];
  return (
    `${variables[type]} in ${envFile} holds ${whose ?? 'a value that is not in the store'}: a new or restored database would make it ` +
    `current again. Add to ${ref.credential} in the configuration: deliver: [{ envFile: ${envFile}, variable: ${variables[type]}, part: ${part} }]`
  );
}
