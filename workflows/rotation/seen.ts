import type { Call } from '../../src/domain/call.js';
import type { Finding } from '../../src/domain/evidence.js';
import { versions } from '../systems.js';
import type { Run } from './procedure.js';

/** Asked by every procedure before it destroys the old value: a document alone could have passed with that very value. */
export function seen({ next, retiresUnseen }: Pick<Run, 'next' | 'retiresUnseen'>): Call<Finding> {
  return versions.isSeen({ version: next, retiresUnseen });
}
