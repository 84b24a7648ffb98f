import { readFile } from 'node:fs/promises';
import { parseEnv } from 'node:util';
import type { VersionRef } from '../../src/domain/version.js';
import { permanent } from '../shared/patience.js';
import type { DocumentEngineDeps } from './activities.js';
import type { DocumentEngineConnection } from './client.js';

const setting = 'REPLACE_SECRETS_FROM_ENV';
const advice = `set ${setting}=false in the deployment and restart it once`;

export async function requireKept({ engine }: DocumentEngineDeps, { credential }: VersionRef): Promise<void> {
  const { ok, detail } = await keptAtRestart(await engine(credential));
  if (!ok) throw permanent('Rejected', detail);
}

/** Whether a restart keeps what the API has set, as far as can be told. */
export async function keptAtRestart({
  envFile,
  replaceSecretsFromEnv,
}: Pick<DocumentEngineConnection, 'envFile' | 'replaceSecretsFromEnv'>): Promise<{ ok: boolean; detail: string }> {
  if (envFile !== null) return keptBy(envFile);
  if (replaceSecretsFromEnv === false) return { ok: true, detail: `${setting} is false, by the operator's word` };
  const why = replaceSecretsFromEnv ? 'is true, by the configuration' : 'is not known to be false';
  return {
    ok: false,
    detail: `${setting} ${why}: a restart would undo every rotation. ${advice}, and say so with deployment.replaceSecretsFromEnv: false`,
  };
}

async function keptBy(file: string): Promise<{ ok: boolean; detail: string }> {
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) return { ok: false, detail: `${file} cannot be read, so nobody can tell what a restart does` };
  const value = parseEnv(text)[setting];
  if (value?.toLowerCase() === 'false') return { ok: true, detail: `${setting} is false in ${file}` };
  const is = value === undefined ? 'is not set, which means true' : 'is not false';
  return { ok: false, detail: `${setting} ${is} in ${file}: a restart would undo every rotation. ${advice}` };
}
