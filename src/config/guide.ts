import { waysOf } from '../../activities/by-hand/guide.js';
import {
  type CredentialSetting,
  credentialSettings,
  type GuideSection,
  guideSections,
  recommendationFor,
} from '../../activities/docuelevate/credential-settings.js';
import type { ProbeSection } from '../../activities/probes/probes.js';
import type { Overlap, ProcedureDescriptor, Recommendation } from '../domain/procedure.js';

/** One value of the rotation guide, and what rotates it. */
export interface GuideRow {
  /** Heading of its section in the guide. */
  readonly section: GuideSection;
  /** The settings that take the value or its parts. */
  readonly settings: readonly string[];
  readonly recommendation: Recommendation;
  /** Null where nothing rotates it yet. */
  readonly by: GuideRotation | null;
}

export interface GuideRotation {
  /** Id of the procedure. */
  readonly procedure: string;
  /** Whether a person has to do a part of it. */
  readonly needsPerson: boolean;
  readonly overlap: Overlap;
  /** The probe that can prove the end of the old value; `own` is the procedure's own check. Null: a person attests it. */
  readonly probe: ProbeSection['protocol'] | 'own' | null;
}

/** Every value that the guide has a section for, in the guide's order. */
export function guideRows(catalog: readonly ProcedureDescriptor[]): GuideRow[] {
  return guideSections.flatMap((section) =>
    Object.entries(credentialSettings)
      .filter(([, setting]) => setting.section === section)
      .map(([key, setting]) => {
        const settings = [...partsBeside(key), key];
        return { section, settings, recommendation: recommended(settings), by: rotationOf(key, setting, catalog) };
      }),
  );
}

function partsBeside(key: string): string[] {
  return Object.entries(credentialSettings).flatMap(([part, setting]) =>
    setting.kind === 'part' && setting.of === key ? [part] : [],
  );
}

function recommended(settings: readonly string[]): Recommendation {
  const found = recommendationFor(settings);
  if (!found) throw new Error(`the guide rotates ${settings.join(' and ')}, which the catalog says is not read`);
  return found;
}

function rotationOf(
  key: string,
  { kind }: CredentialSetting,
  catalog: readonly ProcedureDescriptor[],
): GuideRotation | null {
  const own = catalog.find(({ engine, settings }) => engine === 'docuelevate' && key in settings);
  if (own) return { procedure: own.id, needsPerson: false, overlap: own.overlap, probe: 'own' };
  const any = catalog.find(({ anySetting }) => anySetting);
  if (!any || kind !== 'value') return null;
  const { overlap = 'both-valid', probe = null, checkedByEngine } = waysOf(key);
  return { procedure: any.id, needsPerson: true, overlap, probe: checkedByEngine ? 'own' : probe };
}
