import type { Clock } from '../clock.js';
import type { Agenda } from './agenda.js';
import { listOperations } from './azure.js';
import { isUnconfigured, tokenTests } from './token-tests.js';
import { celeryName, type Engine, type Job, type Task } from './engine.js';

/** The engine's own check of its credentials, with the worker's values. Only the worker's log and a file show its result. */
export async function checkCredentials(engine: Engine, task: Task): Promise<Readonly<Record<string, boolean>>> {
  const found: Record<string, boolean> = {};
  if (engine.ai.configured(task)) found['AI Provider'] = await succeeds(engine.ai.chat(task, 'Say hello.'));
  const [endpoint, key] = [task.value('azure_endpoint'), task.value('azure_ai_key')];
  if (endpoint && key) found['Azure'] = await succeeds(listOperations({ endpoint, key, signal: engine.signal }));
  for (const [name, test] of Object.entries(tokenTests)) {
    const { status, message, newer } = await test(task.value, engine.peers);
    if (typeof newer === 'string') engine.storeToken(newer);
    if (!isUnconfigured(message)) found[name] = status === 'success';
  }
  return found;
}

export function credentialCheck(engine: Engine): Job {
  return {
    name: celeryName('check_credentials'),
    async run(task) {
      await checkCredentials(engine, task);
    },
  };
}

interface Repeated {
  readonly minutes: number;
  readonly callback: () => void;
}

export function repeat(agenda: Agenda, clock: Clock, repeated: Repeated): void {
  agenda.at(clock() + repeated.minutes * 60_000, () => {
    repeated.callback();
    repeat(agenda, clock, repeated);
  });
}

export function succeeds(promise: Promise<unknown>): Promise<boolean> {
  return promise.then(
    () => true,
    () => false,
  );
}
