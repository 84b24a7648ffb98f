import type { Client } from '@temporalio/client';
import { createPlayground, type Playground } from '../../src/lab/playground.js';
import type { Scenario } from '../../src/lab/scenario.js';
import { scenarios } from '../../src/lab/scenarios/index.js';
import { adopt } from '../../src/operations/setup/adopt.js';
import { runInProcess } from '../../src/operations/session/in-process.js';
import { type Reconciling, repair } from '../../src/operations/reconcile/reconcile-repairs.js';
import { Interrupted } from '../../src/operations/session/refusals.js';
import { openSession, type Session, workflowOf } from '../../src/operations/session/session.js';
import { inputOf } from '../../workers/compose.js';
import { forward } from '../../workflows/rotation/phases.js';

// A rotation was abandoned when its new value was in force: the old one is still there, and reconcile retires it.
let scenario: Scenario;
let playground: Playground;
let session: Session;

beforeEach(async () => {
  scenario = await scenarios['sftp-private-key']!();
  playground = await createPlayground(scenario, { grace: '0 seconds' });
  session = await openSession({ file: playground.file, create: true });
  const { credential, adopted: parts } = scenario;
  await adopt(session, { credential, parts, soleUser: true, actor: 'ada' });
  await abandonBefore('Switch off the old public key');
});
afterEach(async () => {
  await session.close();
  await playground.remove();
  await scenario.stop();
});

/** A signal that is aborted as soon as a step begins. */
function until(step: string): Required<Pick<Reconciling, 'signal' | 'onStep'>> {
  const interruption = new AbortController();
  const onStep = (title: string): void => void (title === step && interruption.abort(new Interrupted()));
  return { signal: interruption.signal, onStep };
}

async function abandonBefore(step: string): Promise<void> {
  const { credential } = scenario;
  const definition = workflowOf(session.config, credential);
  const input = inputOf(credential, { actor: 'ada', trigger: 'manual', reason: 'the test' });
  const writer = { workflowId: `rotation/${credential}`, runId: 'run-1' };
  const run = runInProcess({ session, writer, ...until(step) }, { definition, input });
  await expect(forward(run)).rejects.toThrow(Interrupted);
  await session.store.close(run.next, 'abandoned', 'the test');
}

function retire(watcher: Partial<Reconciling> = {}): Promise<void> {
  const reconciling = { session, client: {} as Client, credential: scenario.credential, actor: 'ada', ...watcher };
  return repair(reconciling, { kind: 'retire', version: 1, title: 'Retire version 1', consent: 'yes' });
}

const states = async () => (await session.store.versions(scenario.credential)).map(({ state }) => state);

it('retires the old value as a rotation does', async () => {
  const steps: string[] = [];

  await retire({ onStep: (title) => steps.push(title) });

  expect(await states()).toEqual(['retired', 'current']);
  expect(scenario.working()).toEqual([scenario.engineHolds()]);
  const removed = steps.indexOf('Remove the old public key');
  expect(steps[removed - 1]).toBe('Make the engine read its settings anew');
  expect(steps[removed + 1]).toBe('Make the engine read its settings anew, now that the old value is gone');
});

it('switches on again what it has switched off to try it, when it is interrupted', async () => {
  const begun = scenario.working().toSorted();

  const interrupted = retire(until('The old key is refused'));

  await expect(interrupted).rejects.toMatchObject({ state: expect.stringContaining('stopped there') as string });
  await expect(interrupted).rejects.toThrow(Interrupted);
  expect(begun).toHaveLength(2);
  expect(scenario.working().toSorted()).toEqual(begun);
  expect((await session.store.rotations(scenario.credential))[0]).toMatchObject({
    closedAt: expect.any(Number) as number,
  });
  await retire();
  expect(scenario.working()).toEqual([scenario.engineHolds()]);
});
