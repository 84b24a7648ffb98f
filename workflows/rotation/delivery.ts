import { delivery } from '../systems.js';
import type { Procedure } from './procedure.js';

/** A procedure whose new value also goes wherever its credential says, last of all, and is looked for there with every proof. */
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
      if (run.delivers) await run.step('Delete what was kept of the old value', delivery.forgetEarlier(run.next));
    },
  };
}
