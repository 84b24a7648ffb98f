import { randomUUID } from 'node:crypto';
import { CancelledFailure } from '@temporalio/common';
import { onOwnConnections } from '../../../activities/shared/http.js';
import type { Prober } from '../../../activities/shared/probes.js';
import { accepted, refusedBy } from '../../../activities/shared/probes.js';
import { runDirectly } from '../../../activities/shared/scope.js';
import { toFailure } from '../../../activities/shared/to-failure.js';
import { personsProber } from '../../../workers/prober.js';
import type { Task } from '../../domain/task.js';
import { UserError } from '../../domain/user-error.js';
import type { Session } from '../session/session.js';
import { requireNewValue } from './new-value.js';

/** What a server says of a value before it is stored. `detail` is for people. */
export interface FirstAnswer {
  readonly accepted: true | 'unknown';
  readonly detail: string;
}

/** A value that somebody gives for a task. */
interface Given {
  readonly task: Task;
  readonly parts: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/**
 * Asks the server once whether it accepts a value, since servers count refused logins. Null where no probe is configured. Stores nothing.
 * @throws UserError when the value cannot be a new one, or when the server refuses it
 */
export async function askFirst(
  { config, store }: Pick<Session, 'config' | 'store'>,
  { task, parts, signal }: Given,
): Promise<FirstAnswer | null> {
  await requireNewValue(store, task, parts);
  const prober = personsProber(config, store, task.credential);
  if (!prober) return null;
  const writer = { workflowId: `task/${task.id}`, runId: randomUUID() };
  const answer = await runDirectly(writer, () => answerOf(prober, { parts, signal }), { signal });
  signal.throwIfAborted();
  if (answer.accepted === false) throw refused(task, answer.detail);
  return { ...answer, accepted: answer.accepted };
}

async function answerOf(
  prober: Prober,
  { parts, signal }: Pick<Given, 'parts' | 'signal'>,
): Promise<{ accepted: FirstAnswer['accepted'] | false; detail: string }> {
  try {
    const answer = await onOwnConnections(() => prober.ask(parts));
    if (answer.verdict === 'refused') return { accepted: false, detail: refusedBy(prober) };
    return { accepted: true, detail: accepted(prober, answer).detail };
  } catch (error) {
    if (error instanceof CancelledFailure || signal.aborted) throw error;
    return { accepted: 'unknown', detail: toFailure(error).message };
  }
}

function refused({ id, credential, version }: Task, answer: string): UserError {
  return new UserError(`The server refuses the value: ${answer}`, {
    state: `Nothing was stored. The task of version ${version} of ${credential} is still open.`,
    next: `Give the value exactly as it was set. If the server needs a while to know it, give it again later. To store it all the same: keyturn tasks complete ${id} --unchecked`,
  });
}
