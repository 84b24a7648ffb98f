import type { Call } from '../../src/domain/call.js';
import type { Finding } from '../../src/domain/evidence.js';
import { versions } from '../systems.js';
import type { Run } from './procedure.js';

/** What every procedure asks before the old value goes for good: a document alone could have gone through with that very value. */
export function seen({ next, retiresUnseen }: Pick<Run, 'next' | 'retiresUnseen'>): Call<Finding> {
  return versions.isSeen({ version: next, retiresUnseen });
}
