import { leaveFailure, leaveLines } from '../crash-test/somebody.js';
import type { Documents, Fixture } from '../crash-test/fixture.js';
import type { SimProcess, Simulation } from './engine.js';
import type { SimJob } from './job.js';
import type { Person } from './person.js';
import type { Place } from './places.js';
import type { Random } from './random.js';
import { spoil } from './spoiled-answers.js';
import type { Trouble, TroubleKind } from './trouble.js';
import type { Truth } from './truth.js';

/** What trouble can reach. */
export interface Reach {
  readonly sim: Simulation;
  readonly job: SimJob;
  readonly fixture: Fixture;
  readonly truth: Truth;
  readonly person: Person;
  readonly random: Random;
  /** Starts another worker, unless everything is over. */
  readonly hire: () => void;
  /** The store does not answer for so long. */
  readonly losesStore: (ms: number) => void;
}

type Strike = (reach: Reach, trouble: Trouble, process: SimProcess) => void;

const hourMs = 3_600_000;
const mostUntilHiredMs = 3_000; // a supervisor starts a worker again

const strikes: Partial<Record<TroubleKind, Strike>> = {
  kill({ sim, hire }, { ms }, process) {
    process.kill();
    sim.after(Math.min(ms, mostUntilHiredMs), hire);
  },
  freeze,
  overtaken(reach, trouble, process) {
    freeze(reach, trouble, process);
    reach.sim.after(reach.random.between(0, 400), () => reach.person.emergency());
  },
  'server-crash': ({ job }) => void job.temporal.crash(),
  'server-away': ({ job }, { ms }) => job.server.away(ms),
  'store-away': ({ losesStore }, { ms }) => losesStore(ms),
  'clock-ahead': ({ fixture }) => fixture.skew(hourMs),
  'clock-behind': ({ fixture }) => fixture.skew(-hourMs),
  emergency: ({ person }) => person.emergency(),
  'emergency-command': ({ person }) => person.emergencyCommand(),
  'direct-command': ({ person }) => person.directCommand(),
  schedule: ({ person }, { ms }) => person.schedule(ms),
  'take-back': ({ person }) => person.takeBack(),
  'end-grace': ({ person }) => person.endGrace(),
  'edit-back': ({ fixture, truth }) => truth.byOthers(() => fixture.edit('adopted'), 'edited'),
  'old-dies': ({ fixture, truth }) => truth.byOthers(() => fixture.killAdopted(), 'dark'),
  'worker-on-environment': ({ fixture, truth }) => truth.byOthers(() => startAnew(documentsOf(fixture)), 'dark'),
  'id-given-out-again': ({ fixture, person }) => person.act(() => leaveLines(documentsOf(fixture))),
  'earlier-step-fails': ({ fixture, person }) => person.act(() => failEarlier(documentsOf(fixture))),
};

/** Lets one trouble happen, here and now. */
export function strike(reach: Reach, trouble: Trouble, at: { place: Place; process: SimProcess }): void {
  strikes[trouble.kind]?.(reach, trouble, at.process);
  if (at.place.request) spoil(trouble, at.place.request, reach.fixture);
}

/** Its polls would swallow tasks, which costs minutes and shows nothing, so another worker takes them. */
function freeze({ sim, job, hire }: Reach, { ms }: Trouble, process: SimProcess): void {
  process.freeze();
  for (const poller of job.server.pollers) if (poller.process === process) poller.polling = false;
  hire();
  sim.after(ms, () => process.thaw());
}

function startAnew({ lab }: Documents): void {
  lab.emptyRedis();
  lab.restartWorker();
}

async function failEarlier(documents: Documents): Promise<void> {
  if (documents.failsEarlier) documents.failOne('Keyturn test document');
  else await leaveFailure(documents);
}

function documentsOf({ documents }: Fixture): Documents {
  if (!documents) throw new Error('this engine processes no documents of ours');
  return documents;
}
