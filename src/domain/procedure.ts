import type { Duration } from './duration.js';

/** How many values a provider accepts while one replaces another. */
export type Overlap = 'both-valid' | 'two-slots' | 'single';

/** Kinds of engines, as the configuration names them. */
export type EngineKind = 'docuelevate' | 'document-engine';

/** When the rotation guide recommends a rotation, by its table of intervals. */
export interface Recommendation {
  /** Time between rotations; null where the table names an occasion alone. */
  readonly every: Duration | null;
  /** What calls for a rotation besides, for instance "on personnel change". */
  readonly occasion?: string;
}

/** The data of a procedure: what the command line, schedules, pages and documentation read. */
export interface ProcedureDescriptor extends Recommendation {
  readonly id: string;
  /** Title of the guide section it implements, as printed there. */
  readonly section: string;
  /** Kind of the engine that uses the credential. */
  readonly engine: EngineKind;
  /** Folder of the system that issues it: activities/<provider>. */
  readonly provider: string;
  /** The engine's setting keys, each with the part of the value it takes. */
  readonly settings: Readonly<Record<string, string>>;
  /** The configuration names the settings; `settings` is empty. */
  readonly anySetting?: true;
  /** Parts that a value may lack. Their settings then stay as they are. */
  readonly optionalParts?: readonly string[];
  /** A setting that the engine silently falls back to when it cannot use the value. While it is set, nothing is proved. */
  readonly fallback?: string;
  /** The one part that a person gives when a value is adopted; left out, the parts that the settings take. */
  readonly adopts?: string;
  readonly overlap: Overlap;
  /** Exported name of the workflow in workflows/index.ts. */
  readonly workflow: string;
  /** How the end of an old value is shown where its refusal cannot be proved; left out, the refusal is proved. */
  readonly refusal?: 'not-observable' | 'attested';
  /** The part that must be delivered, because the engine does not use it itself; left out, deliveries are optional. */
  readonly delivers?: string;
  /** The value in force must be adopted first. Otherwise a rotation could not restore it. */
  readonly needsAdoption?: true;
  /** How work of the engine shows that it uses a value; left out where nothing shows it. */
  readonly use?: EngineUse;
  /** The guide's wait between disabling the old value and deleting it; left out where the guide has none. */
  readonly pause?: Duration;
  /** What fails while settings are written one after the other, as `plan` prints it; left out where one write switches. */
  readonly gap?: string;
  /** What ends together with the old value, as `plan` prints it. */
  readonly ends?: string;
  /** What stays usable after the value itself is refused; reported by an emergency. */
  readonly outlives?: string;
}

/** How an engine uses a value. */
export interface EngineUse {
  /** The processing step of a document that needs the value. */
  readonly step: string;
  /** The OCR engine that needs the value. Only a scan that this OCR engine reads shows a use. */
  readonly scanFor?: string;
  /** A repeated upload overwrites the same file at the destination, so one kept document can show a use at every look. */
  readonly overwrites?: true;
  /** How often the engine tries the value by itself; left out where it does not. */
  readonly checkedEvery?: Duration;
}

/** A recommendation for people, for instance "every 90 days or on personnel change". */
export function recommendationText({ every, occasion }: Recommendation): string {
  return [every === null ? null : `every ${every}`, occasion ?? null].filter((text) => text !== null).join(' or ');
}

/** Whether an engine issues the secret itself. Its users then get it by delivery, not by a setting of the engine. */
export function issuesItself({ engine, provider }: Pick<ProcedureDescriptor, 'engine' | 'provider'>): boolean {
  return provider === engine;
}

/** The parts of a value that are used outside its provider. */
export function partsOf({ settings, adopts, delivers }: ProcedureDescriptor): readonly string[] {
  return [...new Set([...Object.values(settings), adopts, delivers].filter((part) => part !== undefined))];
}

/** The part that a delivery takes by default; undefined where the delivery must name one. */
export function deliveredPart({ settings, adopts, delivers }: ProcedureDescriptor): string | undefined {
  const [first, ...others] = new Set(Object.values(settings));
  return delivers ?? adopts ?? (others.length === 0 ? first : undefined);
}
