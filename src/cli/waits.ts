import type { Client } from '@temporalio/client';
import type { Progress, Waiting } from '../domain/rotation.js';
import { progressOf } from '../operations/progress.js';

const afterMs = 1_000; // a rotation that is about to take its next step does not wait

/** Looks at rotations after something happened to them, and tells each of their waits once. */
export interface Waits {
  readonly lookAfter: (credential: string) => void;
  readonly stop: () => void;
}

/** What Temporal cannot tell just now is told when something happens again. */
export function tellWaits(
  client: Client,
  tell: (waits: Pick<Progress, 'credential'> & { readonly waiting: Waiting }) => void,
): Waits {
  const timers = new Map<string, NodeJS.Timeout>();
  const told = new Set<string>();
  async function look(credential: string): Promise<void> {
    const { progress } = await progressOf(client, credential);
    const waiting = progress?.waiting;
    if (!waiting || progress.outcome !== null || told.has(waiting.id)) return;
    told.add(waiting.id);
    tell({ credential, waiting });
  }
  return {
    lookAfter(credential) {
      clearTimeout(timers.get(credential));
      timers.set(
        credential,
        setTimeout(() => void look(credential).catch(() => undefined), afterMs),
      );
    },
    stop: () => timers.forEach((timer) => clearTimeout(timer)),
  };
}
