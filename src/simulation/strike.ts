import { leaveFailure, leaveLines } from '../crash-test/somebody.js';
import type { Documents } from '../crash-test/fixture.js';
import type { SimProcess, Simulation } from './engine.js';
import type { SimJob } from './job.js';
import type { Person } from './person.js';
import type { Place } from './places.js';
import type { Random } from './random.js';
import { spoil } from './spoiled-answers.js';
import type { Subject } from './subject.js';
import type { Trouble, TroubleKind } from './trouble.js';

/** What a trouble can reach. */
export interface Reach {
  readonly sim: Simulation;
  readonly job: SimJob;
  readonly subjects: readonly Subject[];
  readonly person: Person;
  readonly random: Random;
  /** Starts another worker, unless the case is over. */
  readonly hire: () => void;
  /** Makes the store unavailable for so long. */
  readonly losesStore: (ms: number) => void;
}

/** What a trouble strikes: the credential that it is about, and the process. */
interface Struck {
  readonly subject: Subject;
  readonly process: SimProcess;
}

type Strike = (reach: Reach, trouble: Trouble, struck: Struck) => void;

const hourMs = 3_600_000;
const mostUntilHiredMs = 3_000; // within this time, a supervisor restarts a worker

const strikes: Partial<Record<TroubleKind, Strike>> = {
  kill({ sim, hire }, { ms }, { process }) {
    process.kill();
    sim.after(Math.min(ms, mostUntilHiredMs), hire);
  },
  freeze,
  overtaken(reach, trouble, struck) {
    freeze(reach, trouble, struck);
    reach.sim.after(reach.random.between(0, 400), () => reach.person.emergency(struck.subject));
  },
  'server-crash': ({ job }) => void job.temporal.crash(),
  'server-away': ({ job }, { ms }) => job.server.away(ms),
  'store-away': ({ losesStore }, { ms }) => losesStore(ms),
  'clock-ahead': (_, __, { subject: { fixture } }) => fixture.skew(hourMs),
  'clock-behind': (_, __, { subject: { fixture } }) => fixture.skew(-hourMs),
  emergency: ({ person }, _, { subject }) => person.emergency(subject),
  'emergency-command': ({ person }, _, { subject }) => person.emergencyCommand(subject),
  'direct-command': ({ person }, _, { subject }) => person.directCommand(subject),
  schedule: ({ person }, { ms }, { subject }) => person.schedule(subject, ms),
  'take-back': ({ person }, _, { subject }) => person.takeBack(subject),
  'end-grace': ({ person }, _, { subject }) => person.endGrace(subject),
  'edit-back': (_, __, { subject: { fixture, truth } }) => truth.byOthers(() => fixture.edit('adopted'), 'edited'),
  'old-dies': (_, __, { subject: { fixture, truth } }) => truth.byOthers(() => fixture.killAdopted(), 'dies'),
  'worker-on-environment': startAnew,
  'id-given-out-again': ({ person }, _, { subject }) => person.act(() => leaveLines(documentsOf(subject))),
  'earlier-step-fails': ({ person }, _, { subject }) => person.act(() => failEarlier(documentsOf(subject))),
};

/** Makes one trouble happen now. */
export function strike(
  reach: Reach,
  trouble: Trouble,
  { place, process }: { place: Place; process: SimProcess },
): void {
  const { subjects } = reach;
  const subject = subjects[trouble.subject ?? 0] ?? subjects[0];
  if (subject) strikes[trouble.kind]?.(reach, trouble, { subject, process });
  const { request } = place;
  const asked = subjects.find(({ fixture }) => fixture.systems.some(({ url }) => url === request?.origin));
  if (request && asked) spoil(trouble, request, asked.fixture);
}

/**
 * Freezes a worker, and has another one take its tasks. Its own polls would swallow them, which costs minutes and shows
 * nothing.
 */
function freeze({ sim, job, hire }: Reach, { ms }: Trouble, { process }: Struck): void {
  process.freeze();
  for (const poller of job.server.pollers) if (poller.process === process) poller.polling = false;
  hire();
  sim.after(ms, () => process.thaw());
}

/** An engine that has the values of several credentials loses all of them. */
function startAnew({ subjects }: Reach, _: Trouble, { subject }: Struck): void {
  const { lab } = documentsOf(subject);
  const fed = subjects.filter(({ fixture }) => fixture.documents?.lab === lab);
  const restart = (): void => {
    lab.emptyRedis();
    lab.restartWorker();
  };
  fed.reduce(
    (change, { truth }) =>
      () =>
        truth.byOthers(change, 'dark'),
    restart,
  )();
}

async function failEarlier(documents: Documents): Promise<void> {
  if (documents.failsEarlier) documents.failOne('Keyturn test document');
  else await leaveFailure(documents);
}

function documentsOf({ fixture: { documents } }: Subject): Documents {
  if (!documents) throw new Error('this engine processes no documents of ours');
  return documents;
}
