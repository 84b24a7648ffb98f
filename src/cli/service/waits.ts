import type { Client } from '@temporalio/client';
import type { Progress, Waiting } from '../../domain/rotation.js';
import { progressOf } from '../../operations/session/progress.js';
import type { Session } from '../../operations/session/session.js';

const afterMs = 1_000; // a rotation between two steps is not waiting

/** A rotation's credential, and what it waits for. */
export type Wait = Pick<Progress, 'credential'> & { readonly waiting: Waiting };

/** Reports each wait of a rotation once, after something happened to the rotation. */
export interface Waits {
  readonly checkSoon: (credential: string) => void;
  readonly stop: () => void;
}

/** A wait that Temporal cannot tell just now is reported after the next thing that happens. */
export function tellWaits({ store }: Pick<Session, 'store'>, client: Client, tell: (wait: Wait) => void): Waits {
  const timers = new Map<string, NodeJS.Timeout>();
  const told = new Set<string>();
  async function reportWait(credential: string): Promise<void> {
    const open = (await store.rotations(credential)).find(({ closedAt }) => closedAt === null);
    if (!open) return;
    const { progress } = await progressOf(client, open.workflowId);
    const waiting = progress?.waiting;
    if (!waiting || progress.outcome !== null || told.has(waiting.id)) return;
    told.add(waiting.id);
    tell({ credential, waiting });
  }
  return {
    checkSoon(credential) {
      clearTimeout(timers.get(credential));
      timers.set(
        credential,
        setTimeout(() => void reportWait(credential).catch(() => undefined), afterMs),
      );
    },
    stop: () => timers.forEach((timer) => clearTimeout(timer)),
  };
}
