import { randomUUID } from 'node:crypto';
import { ActivityFailure, RetryState } from '@temporalio/common';
import { close } from '../../workflows/rotation/close.js';
import { containAndReplace } from '../../workflows/rotation/emergency.js';
import { inboxOf } from '../../workflows/rotation/messages.js';
import { RotationRun } from '../../workflows/rotation/run.js';
import { Exit } from '../../workflows/rotation/step-failure.js';
import type { Runtime } from '../../workflows/rotation/runtime.js';
import { type Call, versionOf } from '../domain/call.js';
import type { RotationReport } from '../domain/rotation.js';
import type { Emergency, LedgerEntry, Writer } from '../store/records.js';
import { performCall } from './reconcile-run.js';
import { inputOf, type Session, workflowOf } from './session.js';

/**
 * Conducts an emergency in this process, with the same runner and procedure, but without Temporal. Nobody can answer here, so a step that would
 * wait for a person is abandoned, and what it leaves stays listed.
 */
export async function containDirectly(session: Session, emergency: Emergency): Promise<RotationReport> {
  const { credential, actor, reason, id } = emergency;
  const writer = { workflowId: `direct/${credential}`, runId: randomUUID() };
  const input = inputOf(credential, { actor, reason, trigger: 'emergency' });
  const inbox = { ...inboxOf({ emergencies: [{ id, actor, reason }] }), handled: 1 };
  const run: RotationRun = new RotationRun(workflowOf(session.config, credential), input, {
    runtime: directRuntime({ session, writer }, () => run.waiting?.why ?? 'it cannot continue'),
    inbox,
  });
  return close(run, await containAndReplace(run, Promise.resolve()));
}

interface DirectRun {
  readonly session: Session;
  readonly writer: Omit<Writer, 'attempt'>;
}

function directRuntime(direct: DirectRun, trouble: () => string): Runtime {
  const { store } = direct.session;
  /** Recording never delays a revocation. */
  const record = (entry: LedgerEntry): Promise<unknown> => store.record(entry).catch(() => undefined);
  return {
    async execute<R>(call: Call<R>, step: Parameters<Runtime['execute']>[1]): Promise<R> {
      const { credential, fence, phase, title } = step;
      const version = versionOf(call)?.number;
      const entry = {
        ...{ credential, phase, title, activity: call.activity, ...direct.writer },
        ...(version !== undefined && { version }),
        ...(fence !== null && { fence }),
      };
      await record({ ...entry, event: 'started' });
      try {
        const result = await performCall(direct, limited(call));
        await record({ ...entry, event: 'succeeded' });
        return result;
      } catch (error) {
        const cause = error instanceof Error ? error : undefined;
        await record({ ...entry, event: 'failed', ...(cause && { detail: cause.message }) });
        throw new ActivityFailure(title, call.activity, title, RetryState.MAXIMUM_ATTEMPTS_REACHED, undefined, cause);
      }
    },
    now: () => Date.now(),
    wait: () => Promise.reject(new Exit('abandon', trouble())),
    show: () => undefined,
  };
}

const storeAttempts = 5; // 15 seconds: a person is waiting

/** Limits the retries of calls to the store: a store that cannot be written stays so until a person repairs it. */
function limited<R>(call: Call<R>): Call<R> {
  if (!call.activity.startsWith('versions.') || call.activity === 'versions.letPass') return call;
  return { ...call, options: { ...call.options, attempts: Math.min(call.options.attempts, storeAttempts) } };
}
