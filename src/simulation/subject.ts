import type { WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { judge, type Judgement } from '../crash-test/judge.js';
import type { Fixture } from '../crash-test/fixture.js';
import type { Store } from '../store/store.js';
import type { RotationWorkflow } from '../../workflows/rotation/define.js';
import { Ends } from './ends.js';
import type { Simulation } from './engine.js';
import type { Execution } from './execution.js';
import { Truth } from './truth.js';

export type Rotation = WorkflowHandle<RotationWorkflow>;

/** One credential of a scene: the truth about it, and how its rotations ended. */
export interface Subject {
  readonly credential: string;
  readonly fixture: Fixture;
  readonly truth: Truth;
  readonly ends: Ends;
  /** Handle of the rotation that begins even without trouble. */
  readonly handle: Rotation;
  /** Next version numbers of rotations that were given up; 0 for one that had not opened yet. */
  readonly gaveUp: Set<number>;
  /** When a rotation that fell due asked for its turn: server time, Unix ms. */
  readonly turns: number[];
  /** Number of questions that were answered. */
  asked: number;
}

export function createSubject(sim: Simulation, fixture: Fixture, handle: Rotation): Subject {
  const { credential } = fixture.scenario;
  const truth = new Truth(sim, fixture);
  return { credential, fixture, truth, handle, ends: new Ends(), gaveUp: new Set(), turns: [], asked: 0 };
}

/** The subject of a workflow. Throws when the workflow belongs to no credential of this scene. */
export function subjectOf(subjects: readonly Subject[], { args: [input], workflowId }: Execution): Subject {
  const { credential } = defaultPayloadConverter.fromPayload<{ credential: string }>(input ?? {});
  const found = subjects.find((subject) => subject.credential === credential);
  if (!found) throw new Error(`${workflowId} is about no credential of this scene`);
  return found;
}

export interface Judged extends Judgement {
  /** Outcome of the newest rotation of each credential, joined by "+"; "none" where none ended. */
  readonly outcome: string;
  /** How often Keyturn left the engine without a working value. */
  readonly outages: number;
}

/** Compares what the store says about a credential with the truth. */
export async function judgeSubject(subject: Subject, store: Store, calledOff: boolean): Promise<Judged> {
  const { credential, fixture, truth, ends, gaveUp } = subject;
  const rows = await store.rotations(credential);
  const report = ends.last({ rows });
  const { condemned, edited, darkByOthers, outages } = truth;
  const facts = { fixture, store, credential, timeline: truth, condemned, report, edited, calledOff, stranded: false };
  const judged = await judge({ ...facts, givenUp: gaveUp.size > 0 });
  const excused = darkByOthers ? /holds nothing that works|does not hold the current/ : /^$/;
  const open = rows.some(({ closedAt }) => closedAt === null);
  return {
    ...{ ...judged, outages, outcome: report?.outcome ?? 'none' },
    problems: [
      ...[...truth.problems, ...ends.problems],
      ...judged.problems.filter((problem) => !excused.test(problem)),
      ...(open ? ['the workflow has ended, and the store still has its rotation open'] : []),
      ...ends.wrong({ rows, gaveUp, emergency: condemned.size > 0 }),
    ],
  };
}

/** One judgement for all credentials, with the other problems. */
export function sumUp(judged: readonly Judged[], others: Iterable<string>): Judged {
  const sum = (of: (each: Judged) => number): number => judged.reduce((total, each) => total + of(each), 0);
  const problems = judged.flatMap((each) => each.problems);
  return {
    lostSecrets: sum((each) => each.lostSecrets),
    wrongDeletions: sum((each) => each.wrongDeletions),
    falseProofs: sum((each) => each.falseProofs),
    unlistedOrphans: sum((each) => each.unlistedOrphans),
    outages: sum((each) => each.outages),
    outcome: judged.map(({ outcome }) => outcome).join('+'),
    problems: [...new Set([...problems, ...others])],
  };
}
