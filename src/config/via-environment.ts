import { normalize } from 'node:path';
import { variableOf } from '../../activities/deployment/environment-file.js';
import type { ProcedureDescriptor } from '../domain/procedure.js';
import type { ConfigFinding } from './findings.js';
import type { Outline } from './outline.js';
import type { Path } from './yaml-source.js';

interface Entry {
  readonly path: Path;
  readonly fields: Outline['credentials'][string];
  readonly engine: Outline['engines'][string] | undefined;
  readonly descriptor: ProcedureDescriptor | undefined;
}

interface Writer {
  readonly name: string;
  /** Of the entry, or of its delivery. */
  readonly path: Path;
  readonly envFile: string | undefined;
  readonly variable: string | undefined;
}

/** Two writers of one variable would undo each other's work. */
export function doubleWriters(entries: readonly Entry[]): ConfigFinding[] {
  const owners = new Map<string, string>();
  return entries.flatMap(writersOf).flatMap(({ name, path, envFile, variable }) => {
    if (envFile === undefined || variable === undefined) return [];
    const place = `${normalize(envFile)} ${variable}`;
    const owner = owners.get(place);
    if (owner === undefined) owners.set(place, name);
    const message =
      owner === name ? 'it is written there already' : `"${owner}" writes ${variable} in ${envFile} as well`;
    return owner === undefined ? [] : [{ path, message }];
  });
}

function writersOf({ path, fields, engine, descriptor }: Entry): Writer[] {
  const name = String(path.at(-1));
  const own = fields.via === 'environment' ? Object.keys(descriptor?.settings ?? {}) : [];
  return [
    ...own.map((key) => ({
      ...{ name, path: [...path, 'via'] },
      envFile: engine?.deployment?.envFile,
      variable: variableOf(key),
    })),
    ...(fields.deliver ?? []).map(({ envFile, variable }, index) => ({
      ...{ name, envFile, variable },
      path: [...path, 'deliver', index],
    })),
  ];
}

/** What contradicts that a value goes into the engine's environment. */
export function environmentFindings({ path, fields, engine, descriptor }: Entry): ConfigFinding[] {
  if (fields.via !== 'environment' || !engine || !descriptor) return [];
  const at = [...path, 'via'];
  if (engine.kind !== 'docuelevate')
    return [{ path: at, message: 'only DocuElevate gets values by its environment; leave it out' }];
  const envFile = engine.deployment?.envFile;
  const keys = Object.keys(descriptor.settings);
  return [
    ...(envFile === undefined
      ? [{ path: at, message: `engine "${fields.engine}" needs deployment: { envFile: … } for that` }]
      : []),
    ...keys.flatMap((key) => (renewed[key] === undefined ? [] : [{ path: at, message: `${key}: ${renewed[key]}` }])),
  ];
}

/** Settings that DocuElevate itself writes into its database, where they override the environment. */
const renewed: Readonly<Record<string, string>> = {
  onedrive_refresh_token: 'DocuElevate stores newer tokens in its database, which overrides the environment',
};
