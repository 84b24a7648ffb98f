import { attempt } from './attempt.js';
import type { Run } from './procedure.js';
import type { RotationRun } from './run.js';

/**
 * One branch of a containment: ends one version in parallel with others, under a scope that keeps equal titles apart. As in every containment,
 * it does not ask whether the value is still used, and it does not pause.
 */
export function branchOf(run: RotationRun, scope: string): Run {
  const once: RotationRun['once'] = (title, work) => run.once(title, work, scope);
  const nothing = async (): Promise<void> => undefined;
  return {
    next: run.next,
    current: run.current,
    delivers: false,
    retiresUnseen: true,
    async step(title, call) {
      await once(title, () => attempt(run, { title, call }));
    },
    async check(title, call, { whenNot } = {}) {
      if (whenNot !== 'ask') await once(title, () => attempt(run, { title, call, check: true }));
    },
    async tryOut(title, call, { trial }) {
      await once(title, () => attempt(run, { title, call }));
      await trial();
    },
    async task(title, call, { due }) {
      await once(title, () => run.askPerson(title, call, due));
    },
    pause: nothing,
    verify: nothing,
  };
}
