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
    ...(fields.deliver ?? []).flatMap((target, index) =>
      target.envFile === envFile && keys.some((key) => variableOf(key) === target.variable)
        ? [{ path: [...path, 'deliver', index], message: 'via: environment writes it there already' }]
        : [],
    ),
  ];
}

/** Settings that DocuElevate itself writes into its database, where they override the environment. */
const renewed: Readonly<Record<string, string>> = {
  onedrive_refresh_token: 'DocuElevate stores newer tokens in its database, which overrides the environment',
};
