import type { Client } from '@temporalio/client';
import type { Progress, Waiting } from '../domain/rotation.js';
import { progressOf } from '../operations/progress.js';
import type { Session } from '../operations/session.js';

const afterMs = 1_000; // a rotation that is about to take its next step does not wait

/** Who waits for what. */
export type Wait = Pick<Progress, 'credential'> & { readonly waiting: Waiting };

/** Looks at rotations after something happened to them, and tells each of their waits once. */
export interface Waits {
  readonly lookAfter: (credential: string) => void;
  readonly stop: () => void;
}

/** What Temporal cannot tell just now is told when something happens again. */
export function tellWaits({ store }: Pick<Session, 'store'>, client: Client, tell: (wait: Wait) => void): Waits {
  const timers = new Map<string, NodeJS.Timeout>();
  const told = new Set<string>();
  async function look(credential: string): Promise<void> {
    const open = (await store.rotations(credential)).find(({ closedAt }) => closedAt === null);
    if (!open) return;
    const { progress } = await progressOf(client, open.workflowId);
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
