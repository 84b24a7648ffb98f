import { casesOf, type Boundary, type CrashCase, flows } from '../../src/crash-test/cases.js';
import { choose } from '../../src/crash-test/choose.js';
import { faults } from '../../src/crash-test/faults.js';
import { startJobs } from '../../src/crash-test/crash-test.js';
import { recordBoundaries } from '../../src/crash-test/record.js';
import { runCase } from '../../src/crash-test/run-case.js';
import type { Job } from '../../src/crash-test/sandbox.js';
import { kindOf } from '../../src/simulation/kind-of.js';
import { fixtures } from '../../src/crash-test/fixtures/index.js';
import { type Simulator, startSimulators } from '../../src/simulation/pool.js';

// The same rotations and the same faults in both runtimes: on a Temporal server and worker processes, and in simulated time. What the two say has
// to agree, or one of them is wrong.
const procedures = Object.keys(fixtures);
/** Not every engine and provider can do these. OpenAI can, but its key is written to no file. */
const somewhere: readonly string[] = [
  ...['id-given-out-again', 'earlier-step-fails', 'worker-on-environment', 'worker-on-environment-in-grace'],
  ...['false-deletion', 'old-dies', 'edit-back', 'kill-file'],
];
const onDisk = 'kill-file';
const minute = 60_000;
const releases: (() => Promise<unknown>)[] = [];
let job: Job;
let simulator: Simulator;

beforeAll(async () => {
  const defer = (release: () => Promise<unknown>): void => void releases.push(release);
  [job] = (await startJobs(1, () => undefined, defer)) as [Job];
  [simulator] = startSimulators(defer, 1) as [Simulator];
}, 5 * minute);
afterAll(async () => {
  for (const release of releases.reverse()) await release();
});

jest.retryTimes(2); // on a busy machine a frozen attempt on the real server takes longer than it is waited for

/** What both runtimes have to have in common. How often something is read depends on the moment. */
function told({ activity, phase, title, version, outcome, requests, writes, fences }: Boundary) {
  const changes = requests.filter(({ method }) => method !== 'GET').map(({ method }) => method);
  return { activity, phase, title, version, outcome, changes, writes, fences };
}

describe.each(procedures)('%s', (procedure) => {
  let simulated: readonly Boundary[] = [];
  const real: Boundary[] = [];
  beforeAll(async () => {
    simulated = await simulator.ask('boundaries', { procedure });
    for (const flow of flows) real.push(...(await recordBoundaries(job, procedure, flow)));
  }, 3 * minute);

  it.each(flows)('has the same activities with the same changes, writes and fences without trouble: %s', (flow) => {
    const [there, here] = [real, simulated].map((all) => all.filter((each) => each.flow === flow).map(told));

    expect(here?.length).toBeGreaterThan(10);
    expect(sorted(here)).toEqual(sorted(there));
  });

  it.each(faultsOf(procedure))(
    'ends in the same way in both runtimes after %s',
    async (fault) => {
      const namesakes = new Map(casesOf(procedure, real).map((each) => [each.id, each]));
      const both = casesOf(procedure, simulated).filter(({ id }) => namesakes.has(id));
      const crash = firstOf(both, fault);

      const there = await runCase(job, namesakes.get(crash.id) as CrashCase);
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

/** Every fault for OpenAI; the others share among each other those that can happen to all, so that each has some of every sort. */
function faultsOf(procedure: string): string[] {
  const [most, ...others] = ['openai-api-key', ...procedures.filter((each) => each !== 'openai-api-key')];
  const names = faults.map(({ name }) => name);
  if (procedure === most) return names.filter((name) => name !== onDisk);
  const shared = names.filter((name) => !somewhere.includes(name));
  const own = shared.filter((_, index) => others[index % others.length] === procedure);
  return procedure === 'sftp-private-key' ? [...own, onDisk] : own;
}

function firstOf(cases: readonly CrashCase[], fault: string): CrashCase {
  const found = choose(cases, { fault, seed: 'fidelity' }).find((each) => each.fault.name === fault);
  if (!found) throw new Error(`no case of ${fault}`);
  return found;
}

/** Where two steps run side by side, either may begin first. */
function sorted(all: readonly ReturnType<typeof told>[] = []): string[] {
  return all.map((each) => JSON.stringify(each)).sort();
}
