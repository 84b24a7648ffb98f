import type { RotationReport } from '../domain/rotation.js';
import { isLive } from '../domain/version.js';
import type { Evidence, EvidenceKind } from '../domain/evidence.js';
import type { Intent, Version } from '../store/records.js';
import type { Store } from '../store/store.js';
import type { Issued } from '../lab/issued.js';
import type { Fixture } from './fixture.js';
import type { Timeline } from './timeline.js';

/** What went wrong, as counts; `problems` says it in words. */
export interface Judgement {
  readonly lostSecrets: number;
  readonly wrongDeletions: number;
  readonly falseProofs: number;
  readonly unlistedOrphans: number;
  readonly problems: readonly string[];
}

export interface Scene {
  readonly fixture: Fixture;
  readonly store: Store;
  readonly credential: string;
  readonly timeline: Timeline;
  readonly condemned: ReadonlySet<string>;
  /** Null when the rotation did not end. */
  readonly report: RotationReport | null;
  /** A person changed what the engine holds. */
  readonly edited: boolean;
  /** The engine was put back on a value that is gone, and nothing is left that could notice. */
  readonly stranded: boolean;
  /** A frozen attempt was cancelled when it went on. What it was just making stays listed as an open attempt. */
  readonly calledOff: boolean;
  /** A person gave an earlier rotation up. What it left is right as long as every later rotation names it. */
  readonly givenUp?: boolean;
}

/** What the store knows about one issued value. */
interface Known extends Issued {
  readonly versions: readonly Version[];
  /** State of a recorded attempt that may have made it; null when there is none. */
  readonly attempted: 'open' | 'closed' | null;
}

/** Compares what is recorded with the truth. */
export async function judge(scene: Scene): Promise<Judgement> {
  const { fixture, store, credential } = scene;
  const intents = await store.intents(credential);
  const known: Known[] = [];
  for (const issued of fixture.issued()) {
    const versions = await store.identify(issued.value);
    const intent = intents.find((each) => mayHaveMade(each, issued, versions));
    known.push({ ...issued, versions, attempted: intent ? (intent.outcome === 'open' ? 'open' : 'closed') : null });
  }
  const living = known.filter(({ alive, foreign }) => alive && !foreign);
  const lost = living.filter(
    ({ versions, attempted, readable }) => versions.length === 0 && attempted !== 'open' && !readable,
  );
  const orphans = living.filter((each) => each.attempted !== 'open' && !isListed(each));
  const wrong = known.filter((each) => !each.alive && !isOurs(scene, each));
  const proofs = await falseProofs(scene);
  const { brokenAt, statesFit } = await store.verifyLedger();
  return {
    ...{ lostSecrets: lost.length, wrongDeletions: wrong.length, unlistedOrphans: orphans.length },
    falseProofs: proofs.length,
    problems: [
      ...lost.map(({ label }) => `the value of "${label}" is lost`),
      ...orphans.map(({ label }) => `"${label}" works and nothing lists it`),
      ...wrong.map(({ label }) => `"${label}" was deleted and is not ours`),
      ...proofs,
      ...(brokenAt === null ? [] : [`the ledger is broken at entry ${brokenAt}`]),
      ...(statesFit ? [] : ['a version is in a state that was not sealed']),
      ...atTheEnd(scene, known),
      ...filesLeft(scene),
      ...(await leftOpen(scene)),
      ...(await unconfirmed(scene)),
    ],
  };
}

/**
 * A value without a name and a version was made by an attempt that kept nothing. While it works, that attempt is still
 * recorded as open.
 */
function mayHaveMade({ label, outcome }: Intent, issued: Issued, versions: readonly Version[]): boolean {
  if (issued.nameless !== true) return label === issued.label;
  return versions.length === 0 && (issued.alive ? outcome === 'open' : outcome !== 'kept');
}

function isOurs({ fixture }: Scene, { value, foreign, attempted, versions, readable }: Known): boolean {
  if (foreign) return false;
  return attempted !== null || versions.length > 0 || readable === true || isAdopted(fixture, value);
}

function isAdopted({ scenario }: Fixture, value: string): boolean {
  return Object.values(scenario.adopted).includes(value);
}

/** A readable value without a version is only what its slot happens to hold, for everybody to see. */
function isListed({ versions, readable }: Known): boolean {
  return versions.some(({ state }) => isLive(state)) || (readable === true && versions.length === 0);
}

/**
 * After a rotation that says it is through, exactly one value of ours works. The store calls it current, and the engine
 * has it.
 */
function atTheEnd(scene: Scene, known: readonly Known[]): string[] {
  const { fixture, report, edited, condemned } = scene;
  const held = fixture.scenario.engineHolds();
  const dark = held === null || !fixture.scenario.working().includes(held);
  const problems = dark && !scene.stranded && !mayBeDark(scene) ? ['the engine holds nothing that works'] : [];
  if (!report || report.outcome === 'abandoned' || report.outcome === 'contained') return problems;
  const living = known.filter(({ alive, foreign }) => alive && !foreign);
  const ours = living.filter((each) => !isLeft(each));
  problems.push(...untold(living.filter(isLeft), report));
  const escaped = ours.filter((each) => condemned.has(each.value) && !isTold(each, scene));
  problems.push(...escaped.map(({ label }) => `"${label}" survived the emergency`));
  const counted = ours.filter(
    ({ attempted, readable, versions }) =>
      !(scene.calledOff && (attempted === 'open' || (readable && versions.length === 0))),
  );
  if (edited) return problems;
  const answerable = counted.filter((each) => !isTold(each, scene));
  return [...problems, ...spare(answerable, report), ...misplaced(scene, counted)];
}

/** The engine holds the current version, unless nothing is left that could put it there. */
function misplaced(scene: Scene, known: readonly Known[]): string[] {
  const held = scene.fixture.scenario.engineHolds();
  const isHeld = known.some((each) => isCurrent(each) && (scene.stranded || each.value === held));
  return isHeld || leavesAsItWas(scene, known) ? [] : ['the engine does not hold the current version'];
}

/** Whether the engine still holds what a rotation that was given up had put there, and the last one changed nothing and names it. */
function leavesAsItWas(scene: Scene, known: readonly Known[]): boolean {
  const held = scene.fixture.scenario.engineHolds();
  const { report } = scene;
  const isEarlier = ({ versions }: Known): boolean => versions.every(({ number }) => number !== report?.version);
  return (
    report?.outcome === 'rolled-back' &&
    known.some((each) => each.value === held && isEarlier(each) && isTold(each, scene))
  );
}

/** Whether nobody has its value: all that is known is that an attempt may have made it. */
function isLeft({ unlisted, attempted, versions }: Known): boolean {
  return unlisted === true && attempted === 'open' && versions.length === 0;
}

function untold(left: readonly Known[], { orphans }: RotationReport): string[] {
  const silent = left.filter(({ label }) => !orphans.some((line) => line.includes(`"${label}"`)));
  return silent.map(({ label }) => `"${label}" works and the rotation does not say so at its end`);
}

/**
 * Whether a rotation that a person gave up left it, and the last rotation names it, such as "version 1 is retiring".
 */
function isTold({ versions }: Known, { givenUp = false, report }: Scene): boolean {
  const lines = givenUp ? (report?.orphans ?? []) : [];
  return versions.some(({ number }) => lines.some((line) => line.startsWith(`version ${number} is `)));
}

/** Files with a value in them, after a rotation that says it is through. */
function filesLeft({ fixture: { scenario }, report }: Scene): string[] {
  if (!report || ['abandoned', 'contained', 'failed'].includes(report.outcome)) return [];
  return (scenario.leftBehind?.() ?? []).map((name) => `${name} was left behind`);
}

function isCurrent({ versions }: Known): boolean {
  return versions.some(({ state }) => state === 'current');
}

function spare(ours: readonly Known[], { outcome }: RotationReport): string[] {
  return ours
    .filter((each) => !isCurrent(each))
    .map(({ label }) => `"${label}" still works after the rotation ended as ${outcome}`);
}

/** Whether the value was contained and not replaced, by a person's decision. */
function mayBeDark({ condemned, report }: Scene): boolean {
  return condemned.size > 0 && (report?.outcome === 'contained' || report?.outcome === 'abandoned');
}

/** Nothing runs what an ended workflow leaves open. What is in force must not have leaked. */
async function leftOpen({ store, credential, report }: Scene): Promise<string[]> {
  if (!report) return [];
  const open = (await store.rotations(credential)).filter(({ closedAt }) => closedAt === null);
  const leaked = (await store.versions(credential)).filter(
    ({ state, compromised }) => state === 'current' && compromised,
  );
  const given = ['abandoned', 'contained'].includes(report.outcome);
  return [
    ...open.map(({ fence }) => `the workflow has ended, and its rotation with fence ${fence} is still open`),
    ...(given ? [] : leaked.map(({ number }) => `version ${number} is in force and marked compromised`)),
  ];
}

/**
 * An adopted value was only asserted. Except in an emergency, nothing replaces it before a document went through with
 * it.
 */
async function unconfirmed({ store, credential, report }: Scene): Promise<string[]> {
  if (report?.outcome !== 'retired') return [];
  const adopted = (await store.versions(credential)).filter((version) => version.adopted && !version.compromised);
  const evidence = await Promise.all(adopted.map((version) => store.evidence(version)));
  const shown = evidence.every((list) => list.some(({ kind, outcome }) => kind === 'document' && outcome === 'proved'));
  return shown ? [] : ['an adopted value was replaced that had never been shown to work'];
}

async function falseProofs({ fixture, store, credential, timeline }: Scene): Promise<string[]> {
  const problems: string[] = [];
  for (const version of await store.versions(credential)) {
    if (version.parts.length === 0) continue;
    const fed = Object.keys(fixture.scenario.adopted); // of a version's parts, those that the engine is given
    const parts = Object.entries(await store.unseal(version)).filter(([part]) => fed.includes(part));
    const values = parts.map(([, value]) => value);
    const findings = await store.evidence(version); // newest first
    for (const [index, evidence] of findings.entries()) {
      const later = findings.slice(0, index);
      const takenBack = later.some(({ kind, outcome }) => kind === evidence.kind && outcome === 'failed');
      if (evidence.outcome === 'proved' && !isTrue(evidence, { values, timeline, fixture, takenBack }))
        problems.push(`version ${version.number}: "${evidence.kind}" was proved and was not so (${evidence.detail})`);
    }
  }
  return problems;
}

interface Facts {
  readonly values: readonly string[];
  readonly timeline: Timeline;
  readonly fixture: Fixture;
  /** A later finding contradicts it. */
  readonly takenBack: boolean;
}

type Said = Pick<Evidence, 'at' | 'detail'>;
type Truth = (facts: Facts, said: Said) => boolean;

/** What the samples can tell about a proof, by its kind. */
const truths: Partial<Record<EvidenceKind, Truth>> = {
  accepted: ({ values, timeline }, { at }) =>
    timeline.during(at, ({ working }) => values.some((value) => working.includes(value))),
  refused: ({ values, fixture, timeline, takenBack }, { at }) =>
    takenBack
      ? timeline.during(at, ({ working }) => !working.some((value) => values.includes(value)))
      : !fixture.scenario.working().some((value) => values.includes(value)),
  'setting-ours': ({ values, timeline, fixture: { documents } }, { at }) => {
    const writes = documents?.lab.writes().filter(({ key }) => documents.settings.includes(key));
    const written = writes?.findLast((write) => write.at <= at)?.value ?? ''; // whatever the worker holds
    return values.includes(written) || timeline.during(at, ({ held }) => held !== null && values.includes(held));
  },
  document: (facts, said) => {
    const { timeline, values, fixture } = facts;
    if (!fixture.documents) return true; // an engine that issues its own secrets processes a document without them
    const held = timeline.during(said.at, (sample) => sample.held !== null && sample.working.includes(sample.held));
    return held && wentThrough(facts, said, (value) => values.includes(value));
  },
  observed: (facts, said) => wentThrough(facts, said, () => true),
};

/** Whether the provider took the document that is named, before the finding was recorded. */
function wentThrough(
  { fixture: { documents } }: Facts,
  { at, detail }: Said,
  fits: (value: string) => boolean,
): boolean {
  if (!documents) return true;
  const [, reference] = /keyturn-test-([0-9a-f]{32})/.exec(detail) ?? [];
  if (reference === undefined) return false;
  return documents.taken(reference).some((taken) => taken.at <= at && fits(taken.value));
}

/** Whether a proof was true when it was recorded. What nobody can tell counts as true. */
function isTrue(evidence: Evidence, facts: Facts): boolean {
  return truths[evidence.kind]?.(facts, evidence) ?? true;
}
