import type { ProcedureDescriptor } from '../src/domain/procedure.js';
import * as procedures from './procedures/index.js';

/** Every procedure, by its id. */
export const catalog: readonly ProcedureDescriptor[] = Object.values(procedures)
  .map(({ descriptor }) => descriptor)
  .sort((a, b) => (a.id < b.id ? -1 : 1));
