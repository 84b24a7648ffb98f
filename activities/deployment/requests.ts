import type { RequestsOf } from '../../src/domain/requests.js';
import { endpoints } from '../docuelevate/endpoints.js';
import { docuElevateRequests, login } from '../docuelevate/requests.js';
import { optional, repeated } from '../shared/endpoints.js';
import type { DeploymentActivities } from './activities.js';

const { listChanges, listCredentials, showReadiness, showQueue, showSetting, deleteSetting, rollBack } = endpoints;

// Once for each setting that a credential feeds.
const changes = repeated(listChanges);

/** Until a worker was seen to start, and then until the API shows the new value. */
const watch = [repeated(showQueue), optional(repeated(showSetting))];

export const deploymentRequests: RequestsOf<DeploymentActivities> = {
  writeEnvironment: [],
  restoreEnvironment: [],
  forgetEarlier: [],
  environmentIsOurs: [...login, optional(listCredentials), optional(changes), repeated(showSetting)],
  deleteRows: [...login, changes, repeated(deleteSetting), changes],
  restoreRows: [...login, optional(changes), optional(repeated(rollBack)), optional(changes)],
  /** Not sent where another credential's restart came late enough. */
  restart: [...login, optional(repeated(showReadiness)), ...watch.map(optional)],
  requireNewProcesses: [...login, ...watch.map(optional)],
  askToRestart: [],
  askToRestartBack: [],
  look: docuElevateRequests.look,
  survey: [...login, optional(listCredentials), ...docuElevateRequests.survey.map(optional)],
  checkEngine: [],
  checkAccess: [],
};
