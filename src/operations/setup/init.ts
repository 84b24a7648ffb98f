import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { catalog } from '../../../workflows/catalog.js';
import { ConfigError, type Problem } from '../../config/config-error.js';
import { loadConfig } from '../../config/load.js';
import { UserError } from '../../domain/user-error.js';
import { createKeyRing, loadKeyRing } from '../../store/key-ring.js';
import { openStore } from '../../store/open-store.js';
import { type Draft, draftConfiguration } from './draft.js';
import { places } from './init-places.js';
import type { EngineAccess, EngineReading } from './read-engine.js';

/** The files of an installation. Paths are absolute. */
export interface Installation {
  /** Null when it is kept elsewhere, in an environment variable. */
  readonly keyRing: string | null;
  readonly store: string;
  /** Those of these files that were created just now. */
  readonly made: readonly string[];
}

export interface Initiated extends Installation, Omit<Draft, 'text'> {
  /** What has to be filled in before the configuration can be used, each with its line. */
  readonly fillIn: readonly Problem[];
}

/** Completes an installation that has a configuration: creates the key ring and the store that it names, unless they exist. */
export async function completeInstallation(file: string): Promise<Installation> {
  const { keyRing, store } = loadConfig(file, catalog);
  if ('file' in keyRing) return provide(keyRing.file, store.file);
  throw new UserError(`The key ring is kept in the environment variable ${keyRing.env}`, {
    state: `${file} was not changed, and nothing was created.`,
    next: 'For the first run of keyturn init, write keyRing: { file: ./keyturn.keyring.json }. Then move the text of that file to where you keep it.',
  });
}

/** Writes an installation for an engine: the configuration last, so that an interrupted run can be repeated. */
export async function writeInstallation(
  file: string,
  access: EngineAccess,
  reading: EngineReading,
): Promise<Initiated> {
  const folder = dirname(resolve(file));
  const { text, ...draft } = draftConfiguration({ ...access, ...reading }, catalog);
  try {
    const installation = await provide(join(folder, places.keyRing), join(folder, places.store));
    await writeSecret(folder, access);
    await writeFile(file, text, { flag: 'wx', mode: 0o644 });
    return { ...installation, ...draft, fillIn: problemsOf(file) };
  } catch (error) {
    throw isSystemError(error) ? cannotWrite(folder, error) : error;
  }
}

async function provide(keyRing: string, store: string): Promise<Installation> {
  const wanted = [keyRing, store].filter((path) => !existsSync(path));
  const ring = wanted.includes(keyRing) ? await createKeyRing(keyRing) : await loadKeyRing({ file: keyRing });
  try {
    await (await openStore({ url: `sqlite:${store}`, ring, create: true })).destroy();
  } catch (error) {
    // Nothing is sealed with the new key ring yet, and one that does not fit the store would only mislead.
    if (wanted.includes(keyRing)) await rm(keyRing);
    throw error;
  }
  return { keyRing, store, made: wanted };
}

async function writeSecret(folder: string, access: EngineAccess): Promise<void> {
  await mkdir(join(folder, places.secrets), { recursive: true, mode: 0o700 });
  const path = join(folder, access.kind === 'docuelevate' ? places.adminPassword : places.apiToken);
  await rm(path, { force: true }); // one from an earlier try may have another mode
  const secret = access.kind === 'docuelevate' ? access.password : access.apiToken;
  await writeFile(path, `${secret}\n`, { flag: 'wx', mode: 0o600 });
}

function problemsOf(file: string): readonly Problem[] {
  try {
    loadConfig(file, catalog);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}

function cannotWrite(folder: string, { code, path }: NodeJS.ErrnoException): UserError {
  return new UserError(`${path ?? folder} could not be written (${code ?? 'unknown reason'})`, {
    state: 'No configuration was written.',
    next: `Make sure that there is space and that you may write to ${folder}; then run keyturn init again.`,
  });
}
