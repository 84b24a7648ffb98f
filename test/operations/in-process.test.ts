import { OutsideError } from '../../activities/shared/outside-error.js';
import { scope } from '../../activities/shared/scope.js';
import type { Call, CallOptions } from '../../src/domain/call.js';
import { type InProcess, perform, runInProcess } from '../../src/operations/session/in-process.js';
import { Interrupted } from '../../src/operations/session/refusals.js';
import { inputOf } from '../../workers/compose.js';
import type { Activities } from '../../workers/registered.js';
import type { RotationRun } from '../../workflows/rotation/run.js';
import { rotateTried } from '../workflows/scripted/index.js';

const writer = { workflowId: 'test', runId: 'run-1' };
const doing = (activities: Activities, watcher: Partial<InProcess> = {}): InProcess => ({
  session: { activities },
  writer,
  ...watcher,
});
const call = (options: Partial<CallOptions> = {}): Call<string> => ({
  ...{ activity: 'script.call', args: [] },
  options: { startToClose: '10 seconds', attempts: 3, initialInterval: '0.01 seconds', ...options },
});

describe('A call in this process', () => {
  it('is tried as often as it says, with growing pauses, under one key', async () => {
    const [keys, pauses]: [Set<string>, number[]] = [new Set(), []];
    const activities: Activities = {
      'script.call': () => {
        keys.add(scope().key);
        return Promise.reject(new OutsideError('openai', 'listKeys', { status: 503 }));
      },
    };
    const onRetry = (_why: string, pauseMs: number): void => void pauses.push(pauseMs);

    const failing = perform(doing(activities, { onRetry }), call({ attempts: 4, maximumInterval: '0.03 seconds' }));

    await expect(failing).rejects.toThrow('listKeys answered 503');
    expect(pauses).toEqual([10, 20, 30]);
    expect(keys.size).toBe(1);
  });

  it('is not tried again when that does not help', async () => {
    let tries = 0;
    const activities: Activities = {
      'script.call': () => {
        tries++;
        return Promise.reject(new OutsideError('openai', 'listKeys', { status: 403 }));
      },
    };

    await expect(perform(doing(activities), call())).rejects.toThrow('403');
    expect(tries).toBe(1);
  });

  it('waits as long as the other side asks for, and less in an emergency', async () => {
    let tries = 0;
    const pauses: number[] = [];
    const busy = { status: 503, retryAfterMs: 40 };
    const activities: Activities = {
      'script.call': async () => {
        if (++tries % 2 === 1) throw new OutsideError('openai', 'listKeys', busy);
        return 'done';
      },
    };
    const watched = doing(activities, { onRetry: (_why, pauseMs) => pauses.push(pauseMs) });

    await perform(watched, call({ maximumInterval: '0.02 seconds' }));
    await perform(watched, call({ maximumInterval: '0.02 seconds' }), true);

    expect(pauses).toEqual([40, 20]);
  });

  it('calls off an attempt that takes longer than it may', async () => {
    let tries = 0;
    const activities: Activities = {
      'script.call': async () => {
        if (++tries === 2) return 'done';
        const { signal } = scope();
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('called off'))));
      },
    };

    expect(await perform(doing(activities), call({ startToClose: '0.02 seconds' }))).toBe('done');
  });

  it('ends at once with the reason when it is interrupted, also while it waits for the next attempt', async () => {
    const interruption = new AbortController();
    const activities: Activities = {
      'script.call': () => Promise.reject(new OutsideError('openai', 'listKeys', { status: 503 })),
    };
    const onRetry = (): void => interruption.abort(new Interrupted());

    const waiting = perform(
      doing(activities, { onRetry, signal: interruption.signal }),
      call({ initialInterval: '1 hour' }),
    );

    await expect(waiting).rejects.toThrow(Interrupted);
  });
});

describe('A trial in this process', () => {
  const version = (number: number) => ({ credential: 'openai', number, fence: 1 });

  function trial(document: () => Promise<unknown>): { readonly run: RotationRun; readonly called: string[] } {
    const called: string[] = [];
    const succeeding = (verb: string) => async (): Promise<unknown> => void called.push(verb);
    const activities: Activities = {
      'script.disable': succeeding('disable'),
      'script.enable': succeeding('enable'),
      'script.document': async () => {
        called.push('document');
        return document();
      },
    };
    const input = inputOf('openai', { actor: 'ada', trigger: 'manual', reason: 'the test' });
    const run = runInProcess(doing(activities), { definition: rotateTried, input });
    run.opened = { fence: 1, current: version(1), next: version(2), unconfirmed: false };
    run.goesBy({ graceMs: 0, giveUpAfterMs: 3_600_000 });
    run.mode = 'committed';
    return { run, called };
  }
  const retire = (run: RotationRun) =>
    run.during('retire', (steps) => run.definition.procedure.retire(steps, version(1)));

  it('is put back when it fails, and abandoned where a rotation would ask', async () => {
    const failed = { kind: 'document', outcome: 'failed', detail: 'it was not processed' };
    const { run, called } = trial(async () => failed);

    await expect(retire(run)).rejects.toMatchObject({
      to: 'abandon',
      message: 'Document: it was not processed; it was put back',
    });
    expect(called).toEqual(['disable', 'document', 'enable']);
  });

  it('is put back when nothing is shown in time', async () => {
    const { run, called } = trial(() => {
      const { signal } = scope();
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('called off'))));
    });

    await expect(retire(run)).rejects.toThrow('nothing was shown within 3 seconds; it was put back');
    expect(called).toEqual(['disable', 'document', 'enable']);
  });
});
