import { randomUUID } from 'node:crypto';
import { close } from '../../../workflows/rotation/close.js';
import { containAndReplace } from '../../../workflows/rotation/emergency.js';
import { inboxOf } from '../../../workflows/rotation/messages.js';
import { type Call, versionOf } from '../../domain/call.js';
import type { RotationReport } from '../../domain/rotation.js';
import type { Emergency, LedgerEntry, Writer } from '../../store/records.js';
import { type InProcess, runInProcess } from '../session/in-process.js';
import { type Session, workflowOf } from '../session/session.js';
import { inputOf } from '../../../workers/compose.js';

/**
 * Conducts an emergency in this process, with the same runner and procedure, but without Temporal. Nobody can answer here, so a step that would
 * wait for a person is abandoned, and what it leaves stays listed.
 */
export async function containDirectly(session: Session, emergency: Emergency): Promise<RotationReport> {
  const { credential, actor, reason, id } = emergency;
  const writer = { workflowId: `direct/${credential}`, runId: randomUUID() };
  const input = inputOf(credential, { actor, reason, trigger: 'emergency' });
  const inbox = { ...inboxOf({ emergencies: [{ id, actor, reason }] }), handled: 1 };
  const definition = workflowOf(session.config, credential);
  const run = runInProcess({ session, writer, around: recording(session, writer) }, { definition, input, inbox });
  return close(run, await containAndReplace(run, Promise.resolve()));
}

/** Records each step. Recording never delays a revocation. */
function recording({ store }: Session, writer: Omit<Writer, 'attempt'>): NonNullable<InProcess['around']> {
  const record = (entry: LedgerEntry): Promise<unknown> => store.record(entry).catch(() => undefined);
  return async (call, { credential, fence, phase, title }, perform) => {
    const version = versionOf(call)?.number;
    const entry = {
      ...{ credential, phase, title, activity: call.activity, ...writer },
      ...(version !== undefined && { version }),
      ...(fence !== null && { fence }),
    };
    await record({ ...entry, event: 'started' });
    try {
      const result = await perform(limited(call));
      await record({ ...entry, event: 'succeeded' });
      return result;
    } catch (error) {
      await record({ ...entry, event: 'failed', ...(error instanceof Error && { detail: error.message }) });
      throw error;
    }
  };
}

const storeAttempts = 5; // 15 seconds: a person is waiting

/** Limits the retries of calls to the store: a store that cannot be written stays so until a person repairs it. */
function limited<R>(call: Call<R>): Call<R> {
  if (!call.activity.startsWith('versions.') || call.activity === 'versions.letPass') return call;
  return { ...call, options: { ...call.options, attempts: Math.min(call.options.attempts, storeAttempts) } };
}
