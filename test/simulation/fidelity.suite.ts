import { casesOf, type Boundary, type CrashCase, flows } from '../../src/prove/cases.js';
import { choose } from '../../src/prove/choose.js';
import { faults } from '../../src/prove/faults.js';
import { startJobs } from '../../src/prove/prove.js';
import { recordBoundaries } from '../../src/prove/record.js';
import { runCase } from '../../src/prove/run-case.js';
import type { Job } from '../../src/prove/theater.js';
import { kindOf } from '../../src/simulation/shrink.js';
import { type Simulator, startSimulators } from '../../src/simulation/pool.js';

// The same rotation and the same faults in both worlds: on a Temporal server and worker processes, and in simulated time. What the two say has
// to agree, or one of them is wrong.
const procedure = 'openai-api-key';
const minute = 60_000;
const releases: (() => Promise<unknown>)[] = [];
let job: Job;
let simulator: Simulator;
let simulated: readonly Boundary[];
const real: Boundary[] = [];

beforeAll(async () => {
  const defer = (release: () => Promise<unknown>): void => void releases.push(release);
  [job] = (await startJobs(1, () => undefined, defer)) as [Job];
  [simulator] = startSimulators(defer, 1) as [Simulator];
  simulated = await simulator.ask('boundaries', { procedure });
  for (const flow of flows) real.push(...(await recordBoundaries(job, procedure, flow)));
}, 5 * minute);
afterAll(async () => {
  for (const release of releases.reverse()) await release();
});

jest.retryTimes(2); // on a busy machine a frozen attempt on the real server takes longer than it is waited for

/** What both worlds have to have in common. How often something is read depends on the moment. */
function told({ activity, phase, title, version, outcome, requests, writes, fences }: Boundary) {
  const changes = requests.filter(({ method }) => method !== 'GET').map(({ method }) => method);
  return { activity, phase, title, version, outcome, changes, writes, fences };
}

describe.each(flows)('a rotation without trouble (%s)', (flow) => {
  it('has the same activities with the same changes, writes and fences on the real server and the simulated one', () => {
    const [there, here] = [real, simulated].map((all) => all.filter((each) => each.flow === flow).map(told));

    expect(here?.length).toBeGreaterThan(10);
    expect(sorted(here)).toEqual(sorted(there));
  });
});

/** Where two steps run side by side, either may begin first. */
function sorted(all: readonly ReturnType<typeof told>[] = []): string[] {
  return all.map((each) => JSON.stringify(each)).sort();
}

describe.each(faults.map(({ name }) => name))('the fault %s', (fault) => {
  const firstOf = (boundaries: readonly Boundary[]): CrashCase => {
    const [found] = choose(casesOf(procedure, boundaries), { fault, seed: 'fidelity' }).filter(
      (each) => each.fault.name === fault,
    );
    if (!found) throw new Error(`no case of ${fault}`);
    return found;
  };

  it(
    'ends in the same way in both worlds',
    async () => {
      const crash = firstOf(simulated);
      const namesake = casesOf(procedure, real).find(({ id }) => id === crash.id);
      expect(namesake).toBeDefined();

      const there = await runCase(job, namesake as CrashCase);
      const here = await simulator.ask('case', {
        ...{ procedure, boundaries: simulated, caseId: crash.id, seed: 'fidelity', lines: false },
      });

      const verdict = ({ outcome, missed, problems }: typeof there) => ({
        id: crash.id,
        ...{ outcome, missed, problems: problems.map(kindOf) },
      });
      expect(verdict(here)).toEqual(verdict(there));
    },
    3 * minute,
  );
});
