import { diskOrigin } from '../crash-test/setback.js';
import type { Fixture } from '../crash-test/fixture.js';
import type { Place } from './places.js';

/** Troubles that pass by themselves. */
export const passing = [
  ...(['kill', 'freeze', 'server-crash', 'server-away', 'store-away', 'clock-ahead', 'clock-behind'] as const),
  ...(['reset-before', 'reset-after', 'hang', 'rate-limit', 'server-error', 'slow'] as const),
] as const;
/**
 * What people do, and what falls due. `overtaken` freezes a worker and sends an emergency meanwhile. An emergency is a
 * bare signal, the command as people type it, or the command that works without Temporal.
 */
export const people = [
  ...(['emergency', 'overtaken', 'take-back', 'end-grace', 'edit-back'] as const),
  ...(['emergency-command', 'direct-command', 'schedule'] as const),
] as const;
/** A provider or an engine that lies, ends a value, or behaves as the real DocuElevate was seen to behave. */
export const others = [
  ...(['false-deletion', 'old-dies', 'refusal'] as const),
  ...(['worker-on-environment', 'id-given-out-again', 'earlier-step-fails'] as const),
] as const;
/** A request that arrives long after anybody waited for its answer. Known to be out of reach (DECISIONS, leases). */
export const unreachable = ['late'] as const;
export type TroubleKind =
  (typeof passing)[number] | (typeof people)[number] | (typeof others)[number] | (typeof unreachable)[number];

/** Kinds of places. Most places are reads, where hardly anything can go wrong, so each kind is drawn equally often. */
export const layers = ['any', 'request', 'answer', 'write', 'fence'] as const;
/**
 * Few places, which only aimed troubles look for:
 * - `opening`: a rotation is opened or taken over
 * - `finding`: something is recorded that may cease to be true
 * - `feeding`: the fence before a change of what the engine holds
 * - `file`: a file is changed
 */
type NarrowLayer = 'opening' | 'finding' | 'feeding' | 'file';
export type Layer = (typeof layers)[number] | NarrowLayer;
/** Number of places that a rotation passes, by layer. */
export type PlaceCounts = Readonly<Record<Layer, number>>;
export const noPlaces: PlaceCounts = {
  ...{ any: 0, request: 0, answer: 0, write: 0, fence: 0 },
  ...{ opening: 0, finding: 0, feeding: 0, file: 0 },
};

/** One thing that goes wrong. */
export interface Trouble {
  readonly kind: TroubleKind;
  readonly layer: Layer;
  /** Which place of the layer, counted over all processes. */
  readonly place: number;
  /**
   * Its place is counted from where the trouble before it strikes. Left out, or for the first trouble: from the
   * beginning.
   */
  readonly follows?: true;
  /** For how long, where that means something. */
  readonly ms: number;
  /** The credential that it is about, where people or others interfere with one of several. Default: the first. */
  readonly subject?: number;
}

/** Everything that goes wrong with one rotation, or with several side by side, and how people treat it. */
export interface Plan {
  readonly troubles: readonly Trouble[];
  readonly graceMs: number;
  /** How long a step tries before it asks a person. */
  readonly giveUpAfterMs: number;
  /** How long a person thinks before an answer. The question may be another one by then. */
  readonly answerMs: number;
  /** Whether each answer arrives twice. */
  readonly doubleDecisions: boolean;
  /** Number of workers (default 1). A worker may not know yet what another one has done. */
  readonly workers?: number;
  /**
   * The time between the beginnings of several credentials' rotations, and whether they begin because they fall due.
   * Default: all at once, by hand.
   */
  readonly apart?: { readonly ms: number; readonly due: boolean };
  /** Whether people first answer a question that is over, and then give an answer that is no choice. Default: no. */
  readonly wrongAnswers?: boolean;
}

export const durable: ReadonlySet<TroubleKind> = new Set<TroubleKind>([
  ...(['freeze', 'overtaken', 'server-away', 'store-away', 'slow', 'late', 'schedule'] as const),
]);
const onRequests: ReadonlySet<TroubleKind> = new Set<TroubleKind>([
  ...(['reset-before', 'reset-after', 'hang', 'rate-limit', 'server-error', 'slow', 'late', 'refusal'] as const),
]);
const beforeDocuments: ReadonlySet<TroubleKind> = new Set<TroubleKind>(['id-given-out-again', 'earlier-step-fails']);

const reads = /^(?:GET|HEAD) (?!.*\/getapppassword$)|\/auth$/;
/** Requests that end a value, and whose answer says so. */
const deletes = /^DELETE .*(?:\/(?:service_accounts|api_keys)\/|\/core\/apppassword$)|\/regenerateKey$/;
/** Document Engine's changes that nobody may cross by hand: no list shows which value a secret holds (DECISIONS). */
const uncrossed = /^PATCH \/api\/secrets\//;
const takesDocuments = /\.(?:processTestDocument|provesByStep|observeDocument)$/;
/**
 * Troubles that wait while such an activity is under way, and may have been begun by another credential or an emergency:
 * between a reload and its document nobody can see which value the worker has, and Document Engine shows no value at all.
 */
export const waitsFor: Partial<Record<TroubleKind, RegExp>> = {
  'worker-on-environment': takesDocuments,
  'edit-back': takesDocuments,
  'old-dies': /^document-engine\.(?:makeCurrent|expireSecret|dropSpare)$/,
};
const writes: ReadonlySet<string> = new Set([
  ...['open', 'seize', 'handOver', 'close', 'move', 'promote', 'demote'],
  ...['note', 'intend', 'intendAsked', 'settle', 'keep'],
]);

const narrow: Readonly<Record<string, { readonly layer: NarrowLayer; readonly within: RegExp }>> = {
  open: { layer: 'opening', within: /^versions\./ },
  seize: { layer: 'opening', within: /^versions\./ },
  prove: { layer: 'finding', within: /\.(?:accepts\w*|settingsAreOurs)$/ },
  fence: { layer: 'feeding', within: /\.(?:writeSettings|restoreSettings|makeCurrent|deliver)$/ },
};

export function layersOf(place: Place): Layer[] {
  const { at, name } = place;
  if (at === 'request' || at === 'answer') return reads.test(name) ? ['any'] : ['any', at, ...narrowLayerOf(place)];
  if (at !== 'store' && at !== 'stored') return ['any'];
  const layer: Layer[] = name === 'fence' ? ['fence'] : writes.has(name) ? ['write'] : [];
  return ['any', ...layer, ...narrowLayerOf(place)];
}

function narrowLayerOf({ at, name, activity = '', request }: Place): NarrowLayer[] {
  if (request?.origin === diskOrigin) return ['file'];
  const { layer, within } = narrow[name] ?? {};
  return layer && at === 'store' && within?.test(activity) ? [layer] : [];
}

/** Kinds that have places of their own. */
const ownPlaces: Partial<Record<TroubleKind, (place: Place) => boolean>> = {
  'false-deletion': ({ at, name }) => at === 'request' && deletes.test(name),
  'old-dies': (place) => isAsked(place) && !uncrossed.test(place.name),
  // between a reload and its document nobody can see it (DECISIONS)
  'worker-on-environment': ({ at }) => at === 'entry',
  'edit-back': ({ at, name }) => at === 'entry' && name.endsWith('.settingsAreOurs'),
};

/** Whether the trouble can strike at this place. Otherwise it waits for the next one. */
export function fits({ kind, layer }: Trouble, place: Place): boolean {
  const own = ownPlaces[kind];
  if (own) return own(place);
  if (onRequests.has(kind)) return isAsked(place);
  if (beforeDocuments.has(kind)) return place.at === 'entry' && takesDocuments.test(place.name);
  return layersOf(place).includes(layer);
}

/** Whether it is a request to a system. Nobody can make a disk answer in another way. */
function isAsked({ at, request }: Place): boolean {
  return at === 'request' && request?.origin !== diskOrigin;
}

/** Whether the trouble can happen on a fixture at all. */
export function isPossible({ kind }: Pick<Trouble, 'kind'>, { falseSuccess, documents }: Fixture): boolean {
  if (kind === 'false-deletion') return falseSuccess !== undefined;
  return documents !== undefined || !(others.slice(3) as readonly TroubleKind[]).includes(kind);
}
