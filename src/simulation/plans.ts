import { Random } from './random.js';
import {
  durable,
  type Layer,
  layers,
  others,
  passing,
  people,
  type Plan,
  type PlaceCounts,
  type Trouble,
  type TroubleKind,
} from './trouble.js';

/** What a plan is drawn from. */
export interface Dice {
  readonly kinds: readonly TroubleKind[];
  /** Maximum number of troubles. */
  readonly most: number;
  readonly graceMs: readonly number[];
  /** How long people think before they answer. */
  readonly answerMs: readonly number[];
  readonly doubleDecisions: boolean;
  readonly wrongAnswers: boolean;
}

const shortGraceMs = 150; // long enough for a phase of its own, no longer
const longGraceMs = 2 * 3_600_000; // long enough for proofs to age

/** Which troubles to draw: those that pass by themselves, those and the ones of people, or all. */
export const profiles = {
  passing: {
    kinds: passing,
    most: 3,
    graceMs: [shortGraceMs],
    answerMs: [0],
    doubleDecisions: false,
    wrongAnswers: false,
  },
  people: {
    ...{ kinds: [...passing, ...people], most: 3, graceMs: [shortGraceMs, 20_000] },
    ...{ answerMs: [0, 5_000], doubleDecisions: true, wrongAnswers: true },
  },
  all: {
    ...{ kinds: [...passing, ...people, ...others], most: 4, graceMs: [shortGraceMs, 20_000, longGraceMs] },
    ...{ answerMs: [0, 0, 5_000, 900_000], doubleDecisions: true, wrongAnswers: true },
  },
} as const satisfies Readonly<Record<string, Dice>>;
export type Profile = keyof typeof profiles;

const durationsMs = [30, 300, 1_100, 2_500, 8_000, 25_000, 50_000] as const;
const weights: Partial<Record<TroubleKind, number>> = { kill: 4, freeze: 4, overtaken: 2, emergency: 2 };

/** One trouble of an aim. */
interface Link {
  readonly kinds: readonly TroubleKind[];
  readonly layer: Layer;
  readonly ms?: readonly number[];
  /** Numbers of places after the trouble before it, of which one is drawn; left out for the first trouble. */
  readonly after?: readonly number[];
}

/** Troubles that strike right after each other, and what else a plan needs for them to show. */
interface Aim {
  readonly links: readonly Link[];
  readonly rest?: Partial<Pick<Plan, 'graceMs' | 'doubleDecisions'>>;
}

const longMs = [25_000, 50_000]; // a rotation without a long grace is over by then, and so is an emergency

/** Combinations that hardly ever come about when troubles are drawn one by one. */
const aims: readonly Aim[] = [
  // an emergency while a step of a roll back fails: its worker reports that when another worker has heard of the
  // emergency
  {
    links: [
      { kinds: ['refusal'], layer: 'feeding' },
      { kinds: ['refusal'], layer: 'request', after: [0] },
      { kinds: ['overtaken'], layer: 'any', ms: [800], after: [2, 3, 4, 5] },
    ],
  },
  // during a roll back, the provider confirms a deletion that did not happen
  {
    links: [
      { kinds: ['refusal'], layer: 'request' },
      { kinds: ['false-deletion'], layer: 'request', after: [0] },
    ],
  },
  // a person puts the old value back before it is retired, and each answer arrives twice
  { links: [{ kinds: ['edit-back'], layer: 'any' }], rest: { doubleDecisions: true } },
  // a worker that opens a rotation, or takes one over for an emergency, freezes until it is over
  { links: [{ kinds: ['freeze'], layer: 'opening', ms: longMs }], rest: { graceMs: shortGraceMs } },
  {
    links: [
      { kinds: ['emergency', 'emergency-command', 'overtaken'], layer: 'any' },
      { kinds: ['freeze'], layer: 'opening', ms: longMs, after: [0] },
    ],
  },
  // a finding is recorded when it is no longer true
  { links: [{ kinds: ['freeze'], layer: 'finding', ms: longMs }], rest: { graceMs: shortGraceMs } },
  // a change freezes until an emergency has replaced the value that it was for
  { links: [{ kinds: ['overtaken'], layer: 'feeding', ms: longMs }] },
  { links: [{ kinds: ['overtaken'], layer: 'file', ms: longMs }] },
  // DocuElevate gives the id of somebody's deleted document to the one that shows whether a new value works
  { links: [{ kinds: ['id-given-out-again'], layer: 'feeding' }] },
  // the store is away for longer than a step keeps trying
  { links: [{ kinds: ['store-away'], layer: 'write', ms: [50_000] }] },
];
const aimed = 0.35; // share of the plans of the profile `all`
const several = 0.6; // share of those plans that have more than one worker

/** What a plan begins with, before troubles are drawn one by one. */
function aim(seed: string, counts: PlaceCounts): Pick<Plan, 'troubles'> & Partial<Plan> {
  const random = new Random(`${seed}/aim`);
  const workers = random.chance(several) ? 2 : 1;
  if (!random.chance(aimed)) return { troubles: [], workers };
  const { links, rest } = random.pick(aims.filter(({ links: [first] }) => first && counts[first.layer] > 0));
  const troubles = links.map(({ kinds, layer, ms = durationsMs, after }): Trouble => {
    const place = after ? random.pick(after) : random.below(Math.max(1, counts[layer]));
    return { kind: random.pick(kinds), layer, place, ...(after && { follows: true }), ms: random.pick(ms) };
  });
  return { troubles, workers, ...rest };
}

/** The plan of a seed. `counts`: the places that the rotation passes without trouble. */
export function planOf(seed: string, profile: Profile, counts: PlaceCounts): Plan {
  const { kinds, most, graceMs, answerMs, doubleDecisions, wrongAnswers }: Dice = profiles[profile];
  const random = new Random(`${seed}/plan`);
  const weighted = kinds.flatMap((kind) => Array.from({ length: weights[kind] ?? 1 }, () => kind));
  const drawn = Array.from({ length: 1 + random.below(most) }, (): Trouble => {
    const layer = random.pick(layers);
    const kind = random.pick(weighted);
    return { kind, layer, place: random.below(Math.max(1, counts[layer])), ms: random.pick(durationsMs) };
  });
  const first = profile === 'all' ? aim(seed, counts) : { troubles: [], workers: 1 };
  return {
    ...{ graceMs: random.pick(graceMs), giveUpAfterMs: random.pick([3_000, 600_000]) },
    ...{ answerMs: random.pick(answerMs), doubleDecisions: doubleDecisions && random.chance(0.25) },
    ...(wrongAnswers && random.chance(0.25) && { wrongAnswers }),
    ...{ ...first, troubles: [...first.troubles, ...drawn.slice(0, most - first.troubles.length)] },
  };
}

/** A plan in which nothing goes wrong. */
export const calm: Plan = {
  ...{ troubles: [], graceMs: shortGraceMs, giveUpAfterMs: 600_000, answerMs: 0, doubleDecisions: false },
  workers: 1,
};

/** Plans that are simpler than this one, the simplest first. */
export function* simpler(plan: Plan): Generator<Plan> {
  const { troubles } = plan;
  for (const left of troubles) yield { ...plan, troubles: troubles.filter((each) => each !== left) };
  if (plan.doubleDecisions) yield { ...plan, doubleDecisions: false };
  if (plan.wrongAnswers) yield { ...plan, wrongAnswers: false };
  if (plan.workers !== calm.workers) yield { ...plan, workers: 1 };
  if (plan.answerMs !== calm.answerMs) yield { ...plan, answerMs: calm.answerMs };
  if (plan.graceMs !== calm.graceMs) yield { ...plan, graceMs: calm.graceMs };
  if (plan.giveUpAfterMs !== calm.giveUpAfterMs) yield { ...plan, giveUpAfterMs: calm.giveUpAfterMs };
  for (const [index, trouble] of troubles.entries())
    for (const smaller of smallerThan(trouble)) yield { ...plan, troubles: troubles.with(index, smaller) };
}

function smallerThan(trouble: Trouble): Trouble[] {
  const { kind, place, ms } = trouble;
  const earlier = [...new Set([0, Math.floor(place / 2), place - 1])].filter((each) => each >= 0 && each < place);
  const shorter = durable.has(kind) ? durationsMs.filter((each) => each < ms) : ms === 0 ? [] : [0];
  return [...earlier.map((at) => ({ ...trouble, place: at })), ...shorter.map((each) => ({ ...trouble, ms: each }))];
}
