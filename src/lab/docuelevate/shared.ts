import { connectionsOf } from './environment.js';
import { type DocuElevateLab, type DocuElevateLabOptions, startDocuElevateLab } from './server.js';

/** A DocuElevate of a scenario's own, or one that is up already and is used by other scenarios as well. */
export interface SharedOptions {
  readonly docuelevate?: DocuElevateLab;
}

/** Starts one; one that is up is set up with these connections besides its own, and its processes start anew. */
export async function docuElevateFor({
  docuelevate,
  ...options
}: DocuElevateLabOptions & SharedOptions): Promise<DocuElevateLab> {
  if (!docuelevate) return startDocuElevateLab(options);
  for (const [key, value] of connectionsOf(options)) docuelevate.setEnvironment(key, value);
  docuelevate.compose?.write(connectionsOf(options));
  docuelevate.restartApi();
  docuelevate.restartWorker();
  return docuelevate;
}
