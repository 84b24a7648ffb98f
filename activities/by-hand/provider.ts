import { durationMs } from '../../src/domain/duration.js';
import { partsOf } from '../../src/domain/procedure.js';
import type { RequestTemplate } from '../../src/domain/requests.js';
import { defineProvider, type Secrets } from '../kit/provider.js';
import { addressesOf, probeOf } from '../probes/probes.js';
import type { Prober } from '../shared/probes.js';
import { byHandActivities } from './activities.js';
import { ByHandSection } from './section.js';

/** Each protocol has its own. */
const question: RequestTemplate = { system: 'by-hand', method: 'ASK', path: '{probe}', optional: true, repeated: true };

/** Whoever issues a value where no API does: a person creates and revokes it, and a probe may ask whether it is accepted. */
export const byHand = defineProvider({
  ...{ system: 'by-hand', name: 'A person', section: ByHandSection },
  identity: ({ name, account = '' }) => `${name} ${account}`.trim(),
  addresses: ({ probe }) => (probe ? addressesOf(probe) : {}),
  connect(section, secret, { procedure, tasks }) {
    if (!tasks) throw new Error('nobody is configured to do tasks');
    const parts = partsOf(procedure);
    return {
      section,
      settings: Object.keys(procedure.settings),
      parts,
      tasks,
      prober: proberOf(section, secret, parts),
    };
  },
  activities: byHandActivities,
  requests: {
    ...{ accepts: [question], refuses: [question], survey: [question], checkAccess: [question] },
    ...{
      generate: [],
      askForValue: [],
      askToSet: [],
      askToRevoke: [],
      askToContain: [],
      askToSee: [],
      attestUse: [],
      askToSeeOld: [question],
    },
  },
});

/** Null where nothing can be asked. */
export function proberOf(
  { probe, propagation }: ByHandSection,
  secret: Secrets,
  [part = '']: readonly string[],
): Prober | null {
  if (!probe) return null;
  const asked = probeOf(probe, secret);
  const propagationMs = durationMs(propagation);
  return { ...asked, noun: 'value', propagationMs, ask: (value) => asked.ask(value[part] ?? '') };
}
