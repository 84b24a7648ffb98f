import { MockActivityEnvironment } from '@temporalio/testing';
import { runDirectly, type Scope, scope } from '../../../activities/shared/scope.js';

const execution = { workflowId: 'rotation/openai', runId: 'run-1' };

/** What an activity with this information would know of itself. */
async function scopeOf(info: ConstructorParameters<typeof MockActivityEnvironment>[0]): Promise<Scope> {
  const found: Scope[] = [];
  await new MockActivityEnvironment({ workflowExecution: execution, ...info }).run(async () => found.push(scope()));
  return found[0]!;
}

it('has one key for every attempt of an activity, and another for another activity', async () => {
  const [first, second, other] = await Promise.all([
    scopeOf({ activityId: '7', attempt: 1 }),
    scopeOf({ activityId: '7', attempt: 2 }),
    scopeOf({ activityId: '8', attempt: 1 }),
  ]);

  expect(first.writer).toEqual({ ...execution, attempt: { activity: '7', number: 1 } });
  expect(second.writer.attempt).toEqual({ activity: '7', number: 2 });
  expect(first.key).toBe('rotation/openai/run-1/7');
  expect(second.key).toBe(first.key);
  expect(other.key).not.toBe(first.key);
});

it('knows how long an activity has been tried', async () => {
  const attempts = { scheduledTimestampMs: 1_000_000, currentAttemptScheduledTimestampMs: 1_045_000 };

  expect((await scopeOf(attempts)).waitedMs).toBe(45_000);
});

it('is what the caller says when there is no Temporal', async () => {
  const once = await runDirectly(execution, async () => scope());
  const again = await runDirectly(execution, async () => scope());
  const repeated = await runDirectly(execution, async () => scope(), { key: once.key, waitedMs: 300 });

  expect(once).toMatchObject({ writer: execution, waitedMs: 0 });
  expect(again.key).not.toBe(once.key);
  expect(repeated).toMatchObject({ key: once.key, waitedMs: 300 });
});
