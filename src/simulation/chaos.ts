import { adopt } from '../operations/adopt.js';
import { inputOf, openSession, type Session } from '../operations/session.js';
import { startRotation } from '../operations/start-rotation.js';
import { formatDuration } from '../domain/duration.js';
import { createPlayground } from '../lab/playground.js';
import { type Defer, withCleanup } from '../lab/with-cleanup.js';
import type { RotationOutcome, RotationReport } from '../domain/rotation.js';
import { judge, type Judgement } from '../crash-test/judge.js';
import type { Fixture } from '../crash-test/fixture.js';
import { startFixture } from '../crash-test/fixtures/index.js';
import type { Without } from '../crash-test/worker-process.js';
import type { SimProcess, Simulation } from './engine.js';
import type { SimJob } from './job.js';
import { inSimulation } from './matrix.js';
import type { RotationRow } from '../store/records.js';
import { Ends } from './ends.js';
import { Person } from './person.js';
import { type Around, nameless, type Place } from './places.js';
import { Random } from './random.js';
import { type Reach, strike } from './strike.js';
import {
  durable,
  fits,
  isPossible,
  type Layer,
  layersOf,
  type Plan,
  type PlaceCounts,
  type Trouble,
  takesDocuments,
} from './trouble.js';
import { Truth } from './truth.js';

export interface ChaosCase {
  readonly procedure: string;
  readonly seed: string;
  readonly plan: Plan;
  readonly without?: Without;
  readonly lines?: boolean;
}

export interface ChaosVerdict extends Judgement {
  readonly procedure: string;
  readonly seed: string;
  readonly plan: Plan;
  readonly outcome: RotationOutcome | 'none';
  /** What happened, in order. */
  readonly struck: readonly string[];
  /** How many places of each layer were passed. */
  readonly places: PlaceCounts;
  /** How often Keyturn left the engine without a working value. */
  readonly outages: number;
  readonly events: number;
  readonly virtualMs: number;
  readonly hash: string;
  readonly order: string;
  readonly lines?: readonly string[];
}

/** Plays one rotation and everything that a plan lets happen to it. */
export async function chaos(what: ChaosCase): Promise<ChaosVerdict> {
  const { procedure, seed, plan, without, lines = false } = what;
  const box: { scene?: Scene } = {};
  const around: Around = {
    pass: (place, process) => box.scene?.pass(place, process),
    left: (activity, process) => box.scene?.left(activity, process),
    storeIsAway: () => box.scene?.storeIsAway() ?? false,
  };
  const { value, sim } = await inSimulation(
    `${procedure}/${seed}`,
    (job, current) =>
      withCleanup(async (defer) => {
        const scene = new Scene(current, job, plan);
        const judged = await scene.play(procedure, { defer, begin: () => void (box.scene = scene) });
        return { ...judged, struck: scene.struck, places: scene.counts };
      }),
    { around, lines, ...(without && { without }) },
  ).catch((error: unknown) => {
    throw new Error(`${procedure}, seed ${seed}: ${String(error)}`, { cause: error });
  });
  return {
    ...{ procedure, seed, plan, ...value, events: sim.events, virtualMs: sim.now - sim.begun },
    ...{ hash: sim.hash(), order: sim.order(), ...(sim.lines && { lines: sim.lines }) },
  };
}

/** After these an attempt may be called off while it makes something, which then stays listed as an open attempt. */
const callsOff: ReadonlySet<string> = new Set(['freeze', 'overtaken', 'late', 'server-away', 'server-crash', 'hang']);
const settleMs = 90_000; // longer than any attempt

/** One rotation and what happens to it. */
class Scene {
  readonly struck: string[] = [];
  readonly counts: Record<Layer, number> = { any: 0, request: 0, answer: 0, write: 0, fence: 0 };
  readonly #sim: Simulation;
  readonly #job: SimJob;
  readonly #plan: Plan;
  readonly #pending: Trouble[];
  #reach!: Reach;
  readonly #ends = new Ends();
  #storeBackAt = 0;
  #over = false;
  /** Where a document of Keyturn's is under way, as often as there are. */
  readonly #testing: SimProcess[] = [];

  constructor(sim: Simulation, job: SimJob, plan: Plan) {
    this.#sim = sim;
    this.#job = job;
    this.#plan = plan;
    this.#pending = plan.troubles.map((trouble, index) => (index === 0 ? unfollowing(trouble) : trouble));
  }

  async play(procedure: string, { defer, begin }: { readonly defer: Defer; readonly begin: () => void }) {
    const fixture = await startFixture(procedure);
    defer(() => fixture.scenario.stop());
    const playground = await createPlayground(fixture.scenario, {
      grace: '1 second',
      giveUpAfter: formatDuration(this.#plan.giveUpAfterMs),
    });
    defer(playground.remove);
    const session = await openSession({ file: playground.file, create: true });
    defer(() => session.close());
    const { credential, adopted: parts } = fixture.scenario;
    await adopt(session, { credential, parts, soleUser: true, actor: 'harness' });
    this.#reach = await this.#start(fixture, session, playground.file);
    const { truth, person } = this.#reach;
    this.#sim.onEvent = () => truth.look();
    begin();
    await person.watch();
    this.#over = true;
    await this.#settle(person);
    this.#sim.onEvent = null;
    const rows = await session.store.rotations(credential);
    const report = this.#ends.last({ rows });
    const judged = await this.#judge(session, report, rows);
    const problems = [...truth.problems, ...person.problems, ...this.#ends.problems, ...judged.problems];
    return {
      ...{ ...judged, outages: truth.outages, outcome: report?.outcome ?? ('none' as const) },
      problems: [...new Set(problems)],
    };
  }

  async #start(fixture: Fixture, session: Session, file: string): Promise<Reach> {
    const [sim, job, plan] = [this.#sim, this.#job, this.#plan];
    const { credential } = fixture.scenario;
    const hire = (): void => {
      if (!this.#over) job.hire({ file, temporalData: 'memory', setback: null });
    };
    for (let count = 0; count < (plan.workers ?? 1); count++) hire();
    const input = inputOf(credential, { actor: 'harness', trigger: 'manual', reason: 'chaos' });
    const { client } = job.temporal;
    const { handle } = await startRotation(session, client, {
      ...input,
      graceMs: plan.graceMs,
      timing: { heartbeatMs: 1_000 },
    });
    const [truth, random] = [new Truth(sim, fixture), new Random(`${sim.seed}/people`)];
    job.server.onEnded = this.#ends.hear;
    const terminal = { sim, client, session, file, credential };
    const { scenario } = fixture;
    const people = { ...terminal, server: job.server, handle, scenario, truth, random, plan, ends: this.#ends };
    const person = new Person(people);
    const losesStore = (ms: number): void => void (this.#storeBackAt = sim.now + ms);
    return { sim, job, fixture, truth, person, random, hire, losesStore };
  }

  storeIsAway(): boolean {
    return this.#sim.now < this.#storeBackAt;
  }

  /** The heart of it: counts places, and strikes where the plan says so. */
  pass(place: Place, process: SimProcess): void {
    if (this.#over || process.state !== 'up') return;
    this.#sim.trace(`${process.name} ${place.at} ${nameless(place.name)}`);
    for (const layer of layersOf(place)) this.counts[layer]++;
    for (const trouble of this.#due()) {
      if (!this.#fits(trouble, place)) continue;
      this.#takeOut(trouble);
      const forHowLong = durable.has(trouble.kind) ? ` for ${trouble.ms} ms` : '';
      this.struck.push(`${trouble.kind}${forHowLong} at ${place.at} ${place.name}`);
      this.#sim.trace(`trouble: ${trouble.kind}`);
      strike(this.#reach, trouble, { place, process });
      if (process.state !== 'up') return;
    }
    this.#came(place, process);
  }

  left(activity: string, process: SimProcess): void {
    const at = takesDocuments.test(activity) ? this.#testing.indexOf(process) : -1;
    if (at >= 0) this.#testing.splice(at, 1);
  }

  #came({ at, name }: Place, process: SimProcess): void {
    if (at === 'entry' && takesDocuments.test(name)) this.#testing.push(process);
  }

  /** An emergency's steps begin beside a document that is under way: what then makes the worker start anew, nobody can see. */
  #fits(trouble: Trouble, place: Place): boolean {
    if (!isPossible(trouble, this.#reach.fixture) || !fits(trouble, place)) return false;
    return trouble.kind !== 'worker-on-environment' || this.#testing.every(({ state }) => state === 'dead');
  }

  #due(): Trouble[] {
    return this.#pending.filter(({ follows, layer, place }) => !follows && place < this.counts[layer]);
  }

  /** It strikes once, and from here on the one that follows it counts its places. */
  #takeOut(trouble: Trouble): void {
    const index = this.#pending.indexOf(trouble);
    this.#pending.splice(index, 1);
    const next = this.#pending[index];
    if (next?.follows) this.#pending[index] = { ...unfollowing(next), place: this.counts[next.layer] + next.place };
  }

  /** Whatever is still under way comes to its end: attempts that were frozen above all. */
  async #settle(person: Person): Promise<void> {
    for (const process of this.#job.processes) process.thaw();
    await this.#sim.sleep(settleMs);
    await person.settled();
  }

  async #judge({ store }: Session, report: RotationReport | null, rows: readonly RotationRow[]): Promise<Judgement> {
    const { fixture, truth, person } = this.#reach;
    const { credential } = fixture.scenario;
    const { condemned, edited, darkByOthers } = truth;
    const calledOff = this.#plan.troubles.some(({ kind }) => callsOff.has(kind));
    const facts = {
      fixture,
      store,
      credential,
      timeline: truth,
      condemned,
      report,
      edited,
      calledOff,
      stranded: false,
    };
    const givenUp = person.gaveUp.size > 0;
    const judged = await judge({ ...facts, givenUp });
    const excused = darkByOthers ? /holds nothing that works|does not hold the current/ : /^$/;
    const open = rows.some(({ closedAt }) => closedAt === null);
    return {
      ...judged,
      problems: [
        ...judged.problems.filter((problem) => !excused.test(problem)),
        ...(open ? ['the workflow has ended, and the store still has its rotation open'] : []),
        ...this.#ends.wrong({ rows, gaveUp: person.gaveUp, emergency: condemned.size > 0 }),
      ],
    };
  }
}

function unfollowing({ kind, layer, place, ms }: Trouble): Trouble {
  return { kind, layer, place, ms };
}
