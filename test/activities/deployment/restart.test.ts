import { gather } from '../../../activities/deployment/gather.js';
import type { DeploymentActivities } from '../../../activities/deployment/activities.js';
import type { VersionRef } from '../../../src/domain/version.js';
import type { DocuElevateLabOptions } from '../../../src/lab/docuelevate/server.js';
import { runDirectly } from '../../../activities/shared/scope.js';
import { failureOf } from '../bench.js';
import { type DeploymentFixture, startDeploymentFixture } from './fixture.js';

let fixture: DeploymentFixture;

async function begin(
  options: Partial<DocuElevateLabOptions> = {},
  values?: DeploymentFixture['values'],
): Promise<void> {
  await fixture?.stop();
  fixture = await startDeploymentFixture(options, values);
  await write();
}
beforeEach(() => begin());
afterEach(() => fixture.stop());

const attempt = <T>(work: () => Promise<T>) => fixture.bench.attempt(work);
const write = () => attempt(() => fixture.deployment.writeEnvironment(fixture.next));
const restart = () => attempt(() => fixture.deployment.restart(fixture.next));
const look = () => attempt(() => fixture.processes());
const holds = async (ref = fixture.next) => (await fixture.bench.store.read(ref)).engine;
/** How often the containers were recreated or restarted. */
const restarts = () => fixture.lab.compose?.runs() ?? 0;

describe('a restart', () => {
  it('brings the new value into use, and is known to have replaced API and worker', async () => {
    await restart();

    const { values, old } = fixture;
    expect(fixture.uses()).toEqual({ api: values.next, worker: values.next });
    expect(await look()).toEqual({
      kind: 'processes',
      outcome: 'proved',
      detail: 'its API shows what the environment file has, and a worker has started since the restart began',
    });
    expect([await holds(), await holds(old)]).toEqual(['yes', 'no']);
  });

  it('is seen by the silence of the API where both values look alike', async () => {
    await begin({}, { old: 'alike-one-value', next: 'alike-two-value' });

    await restart();

    expect(await look()).toMatchObject({ outcome: 'proved', detail: expect.stringContaining('nothing') as string });
  });

  it('is not repeated after it has succeeded, and is when the environment changed again', async () => {
    await restart();
    await restart();
    const once = restarts();
    await attempt(() => fixture.deployment.restoreEnvironment(fixture.next));
    await restart();

    const { values, old } = fixture;
    expect([once, restarts()]).toEqual([1, 2]);
    expect(fixture.uses()).toEqual({ api: values.old, worker: values.old });
    expect([await holds(), await holds(old)]).toEqual(['no', 'yes']);
  });

  it('does nothing where nothing was changed', async () => {
    await fixture.stop();
    fixture = await startDeploymentFixture();

    await restart();

    expect([restarts(), await look()]).toMatchObject([0, { outcome: 'proved' }]);
  });

  it('says what is missing where no command is configured', async () => {
    fixture.configured.restart = null;

    expect(await failureOf(restart())).toMatchObject({
      type: 'Rejected',
      message: 'how to restart docs is not known: set deployment.restart',
    });
  });

  it('is tried again when the command fails, whose output is not passed on', async () => {
    const command = fixture.configured.restart;
    fixture.configured.restart = ['sh', '-c', 'cat .env; cat .env >&2; exit 3'];

    const failure = await failureOf(restart());
    fixture.configured.restart = command;
    await restart();

    expect(failure).toMatchObject({ nonRetryable: false, message: 'sh ended with exit code 3' });
    expect(fixture.uses().worker).toBe(fixture.values.next);
  });

  it('is not begun by an attempt that has lost the fence', async () => {
    await fixture.bench.rotate();

    expect(await failureOf(restart())).toMatchObject({ type: 'FenceLost' });
    expect(restarts()).toBe(0);
  });

  it('runs beside the environment file, with no secret in its arguments', async () => {
    fixture.configured.restart = ['sh', '-c', 'test -f .env && "$@"', 'sh', ...(fixture.configured.restart ?? [])];

    await restart();

    const { values, configured } = fixture;
    for (const argument of configured.restart ?? [])
      for (const value of Object.values(values)) expect(argument).not.toContain(value);
    expect(fixture.uses().worker).toBe(values.next);
  });
});

describe('a crash', () => {
  it('between the file and the restart leaves everything to do, and nothing to ask', async () => {
    await write();

    expect(fixture.uses()).toEqual({ api: fixture.values.old, worker: fixture.values.old });
    await restart();
    expect(restarts()).toBe(1);
  });

  it('after the command and before its record has the command run again', async () => {
    await fixture.lab.compose?.run(['up', '--force-recreate']);

    await restart();

    expect(restarts()).toBe(2);
    expect(await look()).toMatchObject({ outcome: 'proved' });
  });

  it('after the record of the command has no further restart, and says what was not seen', async () => {
    await begin({ bootMs: 3_000 }, { old: 'alike-one-value', next: 'alike-two-value' });
    expect(await failureOf(restart())).toMatchObject({ message: expect.stringContaining('yet') as string });

    await fixture.bench.untilDone(() => fixture.deployment.restart(fixture.next));

    expect(restarts()).toBe(1);
    expect((await look()).outcome).not.toBe('failed');
    expect(fixture.uses().worker).toBe(fixture.values.next);
  });
});

describe('several rotations at a time', () => {
  /** The activities of another credential's rotation, which changes the same file. */
  async function another(): Promise<{
    activities: DeploymentActivities;
    run: <T>(work: () => Promise<T>) => Promise<T>;
    other: VersionRef;
  }> {
    const { store } = fixture.bench;
    const row = { name: 'other', procedure: 'openai-api-key', account: 'another' };
    await store.adopt({
      credential: row,
      parts: { key: 'a value' },
      soleUser: true,
      actor: 'ada',
      claims: ['another'],
    });
    const writer = { workflowId: 'rotation/other', runId: 'run-1' };
    const request = { actor: 'ada', trigger: 'manual', reason: 'it is time' } as const;
    const { next } = await store.open(row, ['another'], request, writer);
    await store.keep(next, await store.intend(next), { providerId: 'other', parts: { key: 'another value' } });
    fixture.configured.credentials = [fixture.bench.credential, 'other'];
    const activities = fixture.activitiesFor({ ftp_password: 'key' });
    const bound = Object.entries(activities).map(([name, verb]) => [
      name,
      () => (verb as (ref: unknown) => unknown)(next),
    ]);
    return {
      activities: Object.fromEntries(bound) as DeploymentActivities,
      run: (work) => runDirectly(writer, work),
      other: next,
    };
  }

  it('restart once when both had written before', async () => {
    const { activities, run, other } = await another();
    await run(() => activities.writeEnvironment(fixture.next));

    await Promise.all([restart(), run(() => activities.restart(fixture.next))]);

    const [known] = await fixture.evidence('restarted');
    expect(restarts()).toBe(1);
    expect(await fixture.evidence('restarted', other)).toEqual([known]);
    expect(fixture.lab.workerHolds('ftp_password')).toBe('another value');
    await run(() => activities.requireNewProcesses(fixture.next));
    expect(await fixture.evidence('processes')).toContainEqual(expect.objectContaining({ outcome: 'proved' }));
  });

  it('wait for one that began lately and has not written yet', async () => {
    const { activities, run } = await another();
    const { store } = fixture.bench;
    let isOver = false;

    const gathering = attempt(() => gather({ store, gatherMs: 60_000 }, fixture.configured, fixture.next));
    const ended = gathering.then(() => (isOver = true));
    for (let looks = 0; looks < 20; looks++) await store.rotations('other'); // they queue behind its own looks
    const before = isOver;
    await run(() => activities.writeEnvironment(fixture.next));
    await ended;

    expect(before).toBe(false);
  });

  it('wait for none that began long ago: it may wait for a person', async () => {
    await another();
    const { store } = fixture.bench;

    await attempt(() => gather({ store, gatherMs: 0 }, fixture.configured, fixture.next));
  });

  it('restart once more for one that wrote after the first had begun', async () => {
    const { activities, run } = await another();
    await restart();
    await run(() => activities.writeEnvironment(fixture.next));

    await run(() => activities.restart(fixture.next));

    expect(restarts()).toBe(2);
    expect(fixture.lab.workerHolds('ftp_password')).toBe('another value');
  });
});

describe('what was forgotten', () => {
  it('a worker that was not restarted is noticed: the API has the new value, and the worker the old one', async () => {
    fixture.configured.restart = fixture.compose('up', '-d', '--force-recreate', 'api');

    await restart();
    const finding = await look();

    expect(fixture.uses()).toEqual({ api: fixture.values.next, worker: fixture.values.old });
    expect(finding).toMatchObject({ outcome: 'failed', detail: expect.stringContaining('no worker') as string });
  });

  it('and it is fine once somebody restarts it while it is being looked at', async () => {
    fixture.configured.restart = fixture.compose('up', '-d', '--force-recreate', 'api');
    await restart();

    const again = look();
    await fixture.lab.compose?.run(['up', '--force-recreate', 'worker']);

    expect(await again).toMatchObject({ outcome: 'proved' });
  });

  it('an API that was not recreated is noticed, and so is a restart that kept the old environment', async () => {
    fixture.configured.restart = fixture.compose('restart', 'api', 'worker');

    await restart();

    expect(fixture.uses()).toEqual({ api: fixture.values.old, worker: fixture.values.old });
    expect(await look()).toMatchObject({
      outcome: 'failed',
      detail: expect.stringContaining('another value') as string,
    });
  });
});

describe('a restart by a person', () => {
  const ask = () => attempt(() => fixture.deployment.askToRestart(fixture.next));
  const tasks = () => fixture.bench.store.tasks();

  it('is a task that says what to run and why a mere restart is not enough', async () => {
    const asked = await ask();

    expect(await ask()).toEqual(asked);
    const [task, ...others] = await tasks();
    expect(others).toEqual([]);
    expect(task).toMatchObject({ title: 'Restart DocuElevate', asks: 'done', owner: 'somebody', state: 'open' });
    const text = task?.instructions.join('\n') ?? '';
    expect(text).toContain(fixture.envFile);
    expect(text).toContain('docker compose up -d --force-recreate api worker beat');
    expect(text).toContain('they would keep the old environment');
    expect(text).not.toContain(fixture.values.next);
  });

  it('is asked for once more when the old value came back', async () => {
    await ask();
    await attempt(() => fixture.deployment.restoreEnvironment(fixture.next));

    await attempt(() => fixture.deployment.askToRestartBack(fixture.next));

    expect((await tasks()).map(({ title }) => title).sort()).toEqual([
      'Restart DocuElevate',
      'Restart DocuElevate with the old value',
    ]);
  });

  it('is asked of nobody where nothing was written', async () => {
    const other = await startDeploymentFixture();

    expect(await other.bench.attempt(() => other.deployment.askToRestartBack(other.next))).toBeNull();
    expect(await other.bench.store.tasks()).toEqual([]);
    await other.stop();
  });

  it('is seen while it happens', async () => {
    const looking = look();
    await fixture.lab.compose?.run(['up', '--force-recreate']);

    expect(await looking).toMatchObject({ outcome: 'proved' });
    expect(await holds()).toBe('yes');
  });

  it.each([
    ['of the API alone', ['api']],
    ['of the worker alone', ['worker']],
  ])('%s is not enough', async (_, services) => {
    fixture.configured.restart = null;
    await fixture.lab.compose?.run(['up', '--force-recreate', ...services]);

    expect(await look()).toMatchObject({ outcome: 'failed' });
  });

  it('that only somebody says is none', async () => {
    fixture.configured.restart = null;

    expect(await failureOf(attempt(() => fixture.deployment.requireNewProcesses(fixture.next)))).toMatchObject({
      type: 'NeedsDecision',
    });
    expect(await holds()).toBe('maybe');
  });

  it('is needed for an undo as well: processes that show the new value still use it', async () => {
    await fixture.lab.compose?.run(['up', '--force-recreate']);
    await look();
    await attempt(() => fixture.deployment.restoreEnvironment(fixture.next));
    fixture.configured.restart = null;

    expect(await look()).toMatchObject({ outcome: 'failed' });
    const looking = look();
    await fixture.lab.compose?.run(['up', '--force-recreate']);

    expect(await looking).toMatchObject({ outcome: 'proved' });
    expect(fixture.uses()).toEqual({ api: fixture.values.old, worker: fixture.values.old });
    expect(await holds()).toBe('no');
  });

  it('that was over before anybody looked is not called proved', async () => {
    await fixture.stop();
    fixture = await startDeploymentFixture({ credentialChecks: false });
    await write();
    await fixture.lab.compose?.run(['up', '--force-recreate']);

    expect(await look()).toEqual({
      kind: 'processes',
      outcome: 'not-observable',
      detail: 'DocuElevate does not show whether its workers were restarted',
    });
  });
});
