import type { Duration } from './duration.js';

/** What a provider allows while one value is replaced by another. */
export type Overlap = 'both-valid' | 'two-slots' | 'single';

/** Kinds of engines, as in the configuration. */
export type EngineKind = 'docuelevate' | 'document-engine';

/** The data half of a procedure: what command line, schedules, pages and documentation read. */
export interface ProcedureDescriptor {
  /** Also the file name: workflows/procedures/<id>.ts. */
  readonly id: string;
  /** Title of the guide section it implements, as printed there. */
  readonly section: string;
  /** Kind of the engine that uses the credential, as in the configuration. */
  readonly engine: EngineKind;
  /** Folder of the system that issues it: activities/<provider>. */
  readonly provider: string;
  /** The engine's setting keys, each with the part of the value it takes. */
  readonly settings: Readonly<Record<string, string>>;
  /** Of these, parts that a value may do without: their settings are then left alone. */
  readonly optionalParts?: readonly string[];
  /** A setting that the engine uses without a word where it cannot use the value: nothing is proved while it is set. */
  readonly fallback?: string;
  /** The one part that is given when a value is adopted; left out, those that the settings take. */
  readonly adopts?: string;
  /** Recommended rotation interval of the guide's table. */
  readonly every: Duration;
  readonly overlap: Overlap;
  /** Exported name of the workflow in workflows/index.ts. */
  readonly workflow: string;
  /** How the end of an old value shows where its refusal cannot be proved; left out, it is proved. */
  readonly refusal?: 'not-observable' | 'attested';
  /** The part that must be delivered somewhere, since the engine does not use it itself; left out, a delivery is the operator's choice. */
  readonly delivers?: string;
  /** Nothing takes the place of a value that nobody has adopted: the engine would lose it, and us the way back. */
  readonly needsAdoption?: true;
  /** How work of the engine shows that it uses a value; left out where nothing does. */
  readonly use?: EngineUse;
  /** The guide's wait between the end of the old value's use and its deletion; left out where it has none. */
  readonly pause?: Duration;
  /** What fails between writes that cannot be one, for whoever reads a plan; left out where one write switches. */
  readonly gap?: string;
  /** What ends together with the old value, for whoever reads a plan. */
  readonly ends?: string;
  /** What stays usable after the value itself is refused; reported by an emergency. */
  readonly outlives?: string;
}

/** What an engine does with a value. */
export interface EngineUse {
  /** The processing step of a document that needs it. */
  readonly step: string;
  /** The OCR engine that needs it: only a scan that this engine reads shows anything. */
  readonly scanFor?: string;
  /** A document that is uploaded again replaces itself at the destination: so one that is kept can show, again and again, what is used. */
  readonly overwrites?: true;
  /** How often the engine tries it by itself; left out where it does not. */
  readonly checkedEvery?: Duration;
}

/** An engine's own secrets: whoever uses one gets it by delivery, as other engines get theirs by a setting. */
export function issuesItself({ engine, provider }: Pick<ProcedureDescriptor, 'engine' | 'provider'>): boolean {
  return provider === engine;
}

/** The parts that a value consists of, as far as anybody outside its provider uses them. */
export function partsOf({ settings, adopts, delivers }: ProcedureDescriptor): readonly string[] {
  return [...new Set([...Object.values(settings), adopts, delivers].filter((part) => part !== undefined))];
}

/** The part that a delivery takes unless it names another one; undefined where none goes without saying. */
export function deliveredPart({ settings, adopts, delivers }: ProcedureDescriptor): string | undefined {
  const [first, ...others] = new Set(Object.values(settings));
  return delivers ?? adopts ?? (others.length === 0 ? first : undefined);
}
