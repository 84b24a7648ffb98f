import { type Defer, withCleanup } from '../lab/with-cleanup.js';
import type { Fixture } from '../crash-test/fixture.js';
import { startStages } from '../crash-test/fixtures/companies.js';
import type { Without } from '../crash-test/worker-process.js';
import { beginFirst, beginLater, install, type Installation, rotationOf } from './cast.js';
import type { SimProcess, Simulation } from './engine.js';
import type { SimJob } from './job.js';
import { inSimulation } from './matrix.js';
import { Person } from './person.js';
import { type Around, nameless, type Place } from './places.js';
import { Random } from './random.js';
import { type Reach, strike } from './strike.js';
import { createSubject, type Judged, judgeSubject, subjectOf, sumUp } from './subject.js';
import { outOfTurn } from './turns.js';
import {
  durable,
  fits,
  isPossible,
  type Layer,
  layersOf,
  noPlaces,
  type Plan,
  type PlaceCounts,
  type Trouble,
  waitsFor,
} from './trouble.js';

export interface ChaosCase {
  readonly procedure: string;
  readonly seed: string;
  readonly plan: Plan;
  readonly without?: Without;
  readonly lines?: boolean;
}

export interface ChaosVerdict extends Judged {
  readonly procedure: string;
  readonly seed: string;
  readonly plan: Plan;
  /** Troubles that struck, in order. */
  readonly struck: readonly string[];
  /** Number of places that were passed, by layer. */
  readonly places: PlaceCounts;
  readonly events: number;
  readonly virtualMs: number;
  readonly hash: string;
  readonly order: string;
  readonly lines?: readonly string[];
}

/** Plays the rotation of one credential, or of several side by side, with every trouble of the plan. */
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

/**
 * After these, an attempt may be cancelled while it creates a value. The value then stays listed as an open attempt.
 */
const callsOff: ReadonlySet<string> = new Set(['freeze', 'overtaken', 'late', 'server-away', 'server-crash', 'hang']);
const lateMs = 5_000; // longer than the few seconds that a judge allows: what thaws then finds nothing as it was
const settleMs = 90_000; // longer than any attempt

/** One rotation, or several side by side, and what happens to them. */
class Scene {
  readonly struck: string[] = [];
  readonly counts: Record<Layer, number> = { ...noPlaces };
  readonly #sim: Simulation;
  readonly #job: SimJob;
  readonly #plan: Plan;
  readonly #pending: Trouble[];
  #reach!: Reach;
  #storeBackAt = 0;
  #over = false;
  /** Activities under way, and where. */
  readonly #underWay: { readonly name: string; readonly process: SimProcess }[] = [];

  constructor(sim: Simulation, job: SimJob, plan: Plan) {
    this.#sim = sim;
    this.#job = job;
    this.#plan = plan;
    this.#pending = plan.troubles.map((trouble, index) => (index === 0 ? unfollowing(trouble) : trouble));
  }

  async play(procedure: string, { defer, begin }: { readonly defer: Defer; readonly begin: () => void }) {
    const fixtures = await startStages(procedure, defer);
    const installation = await install(fixtures, this.#plan, defer);
    this.#reach = await this.#start(fixtures, installation);
    const { subjects, person } = this.#reach;
    this.#sim.onEvent = () => subjects.forEach(({ truth }) => truth.look());
    begin();
    await person.watch();
    this.#over = true;
    await this.#settle(person);
    this.#sim.onEvent = null;
    const { store } = installation.session;
    const calledOff = this.#plan.troubles.some(({ kind }) => callsOff.has(kind));
    const judged: Judged[] = [];
    for (const subject of subjects) judged.push(await judgeSubject(subject, store, calledOff));
    return sumUp(judged, [...person.problems, ...(await outOfTurn(subjects, store))]);
  }

  async #start(fixtures: readonly Fixture[], { session, file }: Installation): Promise<Reach> {
    const [sim, job, plan] = [this.#sim, this.#job, this.#plan];
    const hire = (): void => {
      if (!this.#over) job.hire({ file, temporalData: 'memory', setback: null });
    };
    for (let count = 0; count < (plan.workers ?? 1); count++) hire();
    const beginning = { session, job, plan };
    await beginFirst(fixtures, beginning);
    const subjects = fixtures.map((fixture) => createSubject(sim, fixture, rotationOf(fixture, session, job)));
    const random = new Random(`${sim.seed}/people`);
    const { server, temporal } = job;
    server.onEnded = (execution) => subjectOf(subjects, execution).ends.hear(execution);
    const person = new Person({ sim, client: temporal.client, session, file, server, subjects, random, plan });
    beginLater(subjects, beginning, person);
    const losesStore = (ms: number): void => void (this.#storeBackAt = sim.now + ms);
    return { sim, job, subjects, person, random, hire, losesStore };
  }

  storeIsAway(): boolean {
    return this.#sim.now < this.#storeBackAt;
  }

  /** Counts places, and strikes where the plan says so. */
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
    const at = this.#underWay.findIndex((each) => each.name === activity && each.process === process);
    if (at >= 0) this.#underWay.splice(at, 1);
  }

  #came({ at, name }: Place, process: SimProcess): void {
    if (at === 'entry') this.#underWay.push({ name, process });
  }

  #fits(trouble: Trouble, place: Place): boolean {
    const { subjects } = this.#reach;
    if (!subjects.some(({ fixture }) => isPossible(trouble, fixture)) || !fits(trouble, place)) return false;
    const awaited = waitsFor[trouble.kind];
    return !this.#underWay.some(({ name, process }) => process.state !== 'dead' && awaited?.test(name));
  }

  #due(): Trouble[] {
    return this.#pending.filter(({ follows, layer, place }) => !follows && place < this.counts[layer]);
  }

  /** A trouble strikes once. The one that follows it counts its places from here on. */
  #takeOut(trouble: Trouble): void {
    const index = this.#pending.indexOf(trouble);
    this.#pending.splice(index, 1);
    const next = this.#pending[index];
    if (next?.follows) this.#pending[index] = { ...unfollowing(next), place: this.counts[next.layer] + next.place };
  }

  /** Lets everything end that is still under way, above all attempts that were frozen. */
  async #settle(person: Person): Promise<void> {
    await this.#sim.sleep(lateMs);
    for (const process of this.#job.processes) process.thaw();
    await this.#sim.sleep(settleMs);
    await person.settled();
  }
}

function unfollowing({ kind, layer, place, ms, subject }: Trouble): Trouble {
  return { kind, layer, place, ms, ...(subject !== undefined && { subject }) };
}
