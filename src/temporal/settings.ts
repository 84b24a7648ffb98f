import { loadClientConnectConfig, type ClientConnectConfig } from '@temporalio/envconfig';
import { existsSync } from 'node:fs';
import { UserError } from '../domain/user-error.js';
import type { TemporalTarget } from './connect.js';
import { embeddedFiles } from './embedded-files.js';
import type { TemporalEnvironment, Variables } from './environment.js';

/**
 * The server from Temporal's own settings (TEMPORAL_* and temporal.toml, see https://docs.temporal.io/develop/environment-configuration);
 * null when they name none.
 * @throws UserError when the settings cannot be read, or would be misinterpreted
 */
export function configuredTarget({ variables }: TemporalEnvironment): TemporalTarget | null {
  refuseTraps(variables);
  const { connectionOptions, namespace = 'default' } = load(variables);
  const { address } = connectionOptions;
  return address === undefined ? null : { address, namespace, connectionOptions, embedded: false };
}

/**
 * The embedded server of this data folder, with the certificates created at its start.
 * @throws UserError when the server was never started, or this user may not read its certificates
 */
export function embeddedTarget(dataDir: string): TemporalTarget {
  const { clientConfig: path } = embeddedFiles(dataDir);
  try {
    const { connectionOptions, namespace } = loadClientConnectConfig({
      ...{ configSource: { path }, profile: 'default', disableEnv: true, overrideEnvVars: {} },
    });
    const { address } = connectionOptions;
    if (address === undefined || namespace === undefined) throw new Error(`${path} is incomplete`);
    return { address, namespace, connectionOptions, embedded: true };
  } catch (err) {
    throw new UserError('The certificates of the embedded Temporal server cannot be read', {
      state: `Nothing was changed. ${unreadableFile(err) ?? `${path} cannot be used.`}`,
      next: 'Run this command as the user who started keyturn up.',
    });
  }
}

function load(variables: Variables): ClientConnectConfig {
  try {
    return loadClientConnectConfig({ overrideEnvVars: { ...variables } });
  } catch (err) {
    // A parser's message quotes the file, which may contain an API key. So only the system's code and the path are passed on.
    throw misread(
      unreadableFile(err) ?? 'A profile is missing, a file is not valid TOML, or a certificate is named twice.',
    );
  }
}

function unreadableFile(err: unknown): string | null {
  const isFromSystem = typeof err === 'object' && err !== null && 'code' in err && 'path' in err;
  return isFromSystem ? `${String(err.path)} cannot be read (${String(err.code)}).` : null;
}

/** Refuses settings that the loader would silently misinterpret. */
function refuseTraps(variables: Variables): void {
  const { TEMPORAL_TLS: tls, TEMPORAL_CONFIG_FILE: file } = variables;
  if (tls !== undefined && !['1', 'true', '0', 'false'].includes(tls))
    throw misread('TEMPORAL_TLS must be exactly true or false; anything else would turn TLS off.');
  if (file !== undefined && !existsSync(file))
    throw misread(`TEMPORAL_CONFIG_FILE names ${file}, which does not exist.`);
}

function misread(state: string): UserError {
  return new UserError("Temporal's connection settings cannot be used", {
    state: `Nothing was changed. ${state}`,
    next: 'Correct TEMPORAL_* and temporal.toml; `temporal config list` shows what the file holds.',
  });
}
