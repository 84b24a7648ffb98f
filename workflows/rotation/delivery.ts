import { delivery, deployment } from '../systems.js';
import type { Procedure, Run } from './procedure.js';

/** Adds deliveries to a procedure: the new value is delivered last, and every proof checks that it is still there. */
export function withDelivery(procedure: Procedure): Procedure {
  return {
    ...procedure,

    async replace(run) {
      await procedure.replace(run);
      if (!run.delivers) return;
      const undo = delivery.restore(run.next);
      await run.step('Deliver the new value', delivery.deliver(run.next), { undo, drains: true });
    },

    async verify(run, version) {
      await procedure.verify(run, version);
      if (run.delivers) await run.check('The value stands where it was delivered', delivery.isDelivered(version));
    },

    async retire(run, old) {
      await procedure.retire(run, old);
      await forgetKept(run);
    },
  };
}

/** Deletes the copies of what stood in files before the new value. Only an undo needs them. */
export async function forgetKept(run: Run): Promise<void> {
  const { next } = run;
  if (run.delivers) await run.step('Delete what was kept of the old value', delivery.forgetEarlier(next));
  if (run.keepsEnvironment)
    await run.step('Delete what was kept of the environment file', deployment.forgetEarlier(next));
}
