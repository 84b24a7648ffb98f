import type { z } from 'zod';
import type { ProcedureDescriptor } from '../../src/domain/procedure.js';
import type { ByHandPolicy } from '../../src/domain/rotation.js';
import { credentialSettings, recommendationFor } from '../docuelevate/credential-settings.js';
import { stepProofOf } from '../docuelevate/proofs.js';
import { testOf } from '../docuelevate/trial-requests.js';
import { ByHandSection, FedSettings } from './section.js';
import { isByEngine, list } from './texts.js';

/** What the configuration says about a credential that a person rotates. */
interface Configured {
  readonly provider: unknown;
  readonly settings?: unknown;
  readonly via?: string | undefined;
}

const onlyPart = 'value';

/** The procedure for the settings that the configuration names. */
export function byHandDescriptor(descriptor: ProcedureDescriptor, configured: Configured): ProcedureDescriptor {
  const settings = partBySetting(FedSettings.parse(configured.settings));
  const { overlap } = ByHandSection.parse(configured.provider);
  const keys = Object.keys(settings);
  const [section] = keys.flatMap((key) => credentialSettings[key]?.section ?? []);
  const [first] = onePerStep(keys);
  const proof = first === undefined ? null : stepProofOf(first);
  return {
    ...{ ...descriptor, ...recommendationFor(keys) },
    ...{ settings, overlap, section: section ?? `${descriptor.section}: ${list(keys)}` },
    ...(proof && { use: { step: proof.expect, ...(proof.scanFor !== undefined && { scanFor: proof.scanFor }) } }),
    ...(overlap === 'single' && { gap: gapOf(keys, configured.via) }),
  };
}

function gapOf(keys: readonly string[], via: string | undefined): string {
  const over = via === 'environment' ? 'DocuElevate was restarted with it' : 'Keyturn has written it';
  return isByEngine(keys)
    ? `DocuElevate itself checks ${list(keys)}: the new value ends the old one as soon as ${over}`
    : `one value works at a time: from the moment on that a person sets the new one, ${list(keys)} holds a dead one until ${over}`;
}

function partBySetting(settings: z.output<typeof FedSettings>): Readonly<Record<string, string>> {
  return Array.isArray(settings) ? Object.fromEntries(settings.map((key) => [key, onlyPart])) : settings;
}

/** How the rotation of these settings differs from others. */
export function byHandPolicy({ settings, provider }: Configured): ByHandPolicy {
  const { overlap, newValue, probe } = ByHandSection.parse(provider);
  const keys = Object.keys(partBySetting(FedSettings.parse(settings)));
  const others = keys.filter((key) => stepOf(key) === undefined);
  return {
    ...{ overlap, byStep: onePerStep(keys), byTest: others.filter((key) => testOf(key) !== null) },
    byWord: others.filter((key) => testOf(key) === null),
    ...(newValue === 'generated' && { generates: true as const }),
    ...(isByEngine(keys) && { endsByWrite: true as const }),
    ...(probe && { probes: true as const }),
  };
}

function stepOf(setting: string): string | undefined {
  return stepProofOf(setting)?.expect;
}

/** A document shows every setting of a step at once. */
function onePerStep(settings: readonly string[]): string[] {
  const first = new Map(settings.toReversed().map((setting) => [stepOf(setting), setting]));
  return settings.filter((setting) => stepOf(setting) !== undefined && first.get(stepOf(setting)) === setting);
}
