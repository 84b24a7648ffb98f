import { setTimeout as delay } from 'node:timers/promises';
import type { Secrets } from '../../../activities/kit/provider.js';
import { probeOf, ProbeSection } from '../../../activities/probes/probes.js';
import { CannotTell } from '../../../activities/shared/outside-error.js';
import { runDirectly } from '../../../activities/shared/scope.js';

const noSecret: Secrets = () => Promise.reject(new Error('no secret is needed here'));

/** One question, as an activity asks it: the verdict, or why the answer gives none. Throws when there is no answer. */
export async function ask(section: unknown, value: string, secret = noSecret): Promise<string> {
  const probe = probeOf(ProbeSection.parse(section), secret);
  try {
    return (await runDirectly({ workflowId: 'a test', runId: '1' }, () => probe.ask(value))).verdict;
  } catch (error) {
    if (error instanceof CannotTell) return `cannot tell: ${error.message}`;
    throw error;
  }
}

/** What a question ends with, as text, and everything that could show a value: message, stack, cause, properties. */
export async function everythingSaid(section: unknown, value: string, secret = noSecret): Promise<string> {
  try {
    return await ask(section, value, secret);
  } catch (error) {
    const { message, stack, cause } = error as Error;
    return [message, stack, String(cause), JSON.stringify(error)].join('\n');
  }
}

/** Waits until a server has no open connection. */
export async function closed(open: () => number): Promise<void> {
  for (let left = 100; left > 0 && open() > 0; left -= 1) await delay(10);
  expect(open()).toBe(0);
}
