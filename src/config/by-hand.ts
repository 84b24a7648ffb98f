import { byHandDescriptor } from '../../activities/by-hand/descriptor.js';
import { ByHandSection, FedSettings } from '../../activities/by-hand/section.js';
import { isByEngine } from '../../activities/by-hand/texts.js';
import { type CredentialSetting, credentialSettings } from '../../activities/docuelevate/credential-settings.js';
import { type Overlap, partsOf, type ProcedureDescriptor } from '../domain/procedure.js';
import type { ConfigFinding } from './findings.js';
import { didYouMean } from './nearest.js';
import type { Path } from './yaml-source.js';

interface Fields {
  readonly provider?: unknown;
  readonly via?: string | undefined;
  readonly settings?: unknown;
}

/** The procedure with the settings that an entry names, as far as the entry is right. */
export function withSettings(procedure: ProcedureDescriptor, fields: Fields): ProcedureDescriptor {
  const { provider, settings } = fields;
  const isRight = ByHandSection.safeParse(provider).success && FedSettings.safeParse(settings).success;
  return isRight ? byHandDescriptor(procedure, { ...fields, provider }) : procedure;
}

/** Settings that a person cannot rotate, each with the reason. */
export function settingFindings(
  path: Path,
  descriptor: ProcedureDescriptor,
  { provider, via }: Pick<Fields, 'provider' | 'via'>,
): ConfigFinding[] {
  const keys = Object.keys(descriptor.settings);
  const wrong = keys.flatMap((key) => {
    const known = Object.hasOwn(credentialSettings, key) ? credentialSettings[key] : undefined;
    const message = known ? whyNot(key, known, { named: keys, via }) : unknown(key);
    return message === null ? [] : [{ path: [...path, 'settings'], message }];
  });
  const section = [...path, 'provider'];
  return [
    ...wrong,
    ...besideItself([...section, 'overlap'], keys, descriptor.overlap),
    ...ofAddresses(section, keys, provider),
    ...ofSeveralParts(section, partsOf(descriptor), provider),
  ];
}

/** An address has a value in it, and Keyturn generates a value. */
function ofAddresses(path: Path, keys: readonly string[], provider: unknown): ConfigFinding[] {
  const section = ByHandSection.safeParse(provider);
  const addresses = keys.filter((key) => credentialSettings[key]?.kind === 'environment');
  if (addresses.length === 0 || !section.success || section.data.newValue !== 'generated') return [];
  return [{ path: [...path, 'newValue'], message: `${addresses.join(' and ')} is an address: a person gives it` }];
}

/** DocuElevate has one value of a setting, so what it checks itself cannot have two. */
function besideItself(path: Path, keys: readonly string[], overlap: Overlap): ConfigFinding[] {
  if (overlap === 'single' || keys.length === 0 || !isByEngine(keys)) return [];
  return [{ path, message: `DocuElevate itself checks ${keys.join(' and ')}, and has one at a time: write single` }];
}

/** Keyturn generates one text, and a probe asks with one. */
function ofSeveralParts(path: Path, parts: readonly string[], provider: unknown): ConfigFinding[] {
  const section = ByHandSection.safeParse(provider);
  if (parts.length < 2 || !section.success) return [];
  const several = `the value has ${parts.length} parts (${parts.join(', ')})`;
  const { newValue, probe } = section.data;
  return [
    ...(newValue === 'generated' ? [{ path: [...path, 'newValue'], message: `${several}: a person gives it` }] : []),
    ...(probe ? [{ path: [...path, 'probe'], message: `${several}: a probe asks with one` }] : []),
  ];
}

function unknown(key: string): string {
  return `DocuElevate has no credential setting "${key}"${didYouMean(key, Object.keys(credentialSettings))}`;
}

interface Asked {
  readonly named: readonly string[];
  readonly via: string | undefined;
}

function whyNot(key: string, setting: CredentialSetting, { named, via }: Asked): string | null {
  if (setting.kind === 'unread') return `no code of DocuElevate reads ${key}, so there is nothing to rotate`;
  if (key === 'session_secret')
    return 'a new session_secret by itself makes every stored setting unreadable: it needs a handover between two keys, which by-hand does not do';
  if (setting.kind === 'environment' && via !== 'environment')
    return `${key} counts only in DocuElevate's environment, and a write of the setting changes nothing: write via: environment`;
  if (setting.kind === 'part' && !named.includes(setting.of))
    return `${key} changes together with ${setting.of}: name both`;
  return null;
}
